import type { DeliveryPlan, Transport } from './plan.ts'

/** Host that a transport connects to. */
export function hostOf(transport: Transport): string {
  return transport.protocol === 'smtp' ? transport.host : new URL(transport.url).hostname
}

/** Port of a transport's endpoint. */
export function portOf(transport: Transport): number {
  if (transport.protocol === 'smtp') return transport.port
  const { port, protocol } = new URL(transport.url)
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port)
}

/** Endpoint of a transport as a person writes it. */
export function targetOf(transport: Transport): string {
  return transport.protocol === 'smtp' ? `${transport.host}:${transport.port}` : new URL(transport.url).origin
}

/** Where a plan's receiver is asked; null where the run starts it by itself. */
export function deliveryPlace(delivery: DeliveryPlan): { host: string; target: string } | null {
  if (delivery.receiver === 'imap')
    return { host: delivery.host, target: `${delivery.host}:${delivery.port}` }
  return delivery.url === null
    ? null
    : { host: new URL(delivery.url).hostname, target: new URL(delivery.url).origin }
}
