import type { Plan, Transport } from '../../shared/plan/plan.ts'
import type { Client, ClientOptions } from '../transports/client.ts'

/** Makes the client that a transport names. Its code is loaded only when it is needed. */
export async function createClient(options: ClientOptions): Promise<Client> {
  const { transport } = options
  if (transport.protocol === 'smtp') {
    const smtp = { ...options, transport }
    switch (transport.client) {
      case 'wire':
        return (await import('../transports/smtp/wire-client.ts')).createSmtpWireClient(smtp)
      case 'nodemailer':
        return (await import('../transports/smtp/nodemailer-client.ts')).createNodemailerClient(smtp)
    }
  }
  const http = { ...options, transport }
  switch (transport.client) {
    case 'wire':
      return (await import('../transports/http/wire-client.ts')).createHttpWireClient(http)
    case 'undici':
      return (await import('../transports/http/undici-client.ts')).createUndiciClient(http)
  }
}

/** How long a client may wait, and a send may last, as the plan says. */
export function timeLimits({
  timeoutSeconds,
  sendTimeoutSeconds
}: Plan): Pick<ClientOptions, 'timeoutMs' | 'sendTimeoutMs'> {
  return {
    timeoutMs: timeoutSeconds * 1000,
    sendTimeoutMs: sendTimeoutSeconds === null ? null : sendTimeoutSeconds * 1000
  }
}

/** Host and port that a transport names, before any delay link. */
export function endpointOf(transport: Transport): { host: string; port: number } {
  if (transport.protocol === 'smtp') return { host: transport.host, port: transport.port }
  const url = new URL(transport.url)
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }
}
