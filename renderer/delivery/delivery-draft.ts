/** What a run waits for, as the form offers it. */
export type DeliveryKind = 'none' | 'sink' | 'remote-sink' | 'imap'

/** What choosing a kind writes into the plan. */
export const DELIVERIES: Readonly<Record<DeliveryKind, object | undefined>> = {
  none: undefined,
  sink: { receiver: 'sink', port: 2525 },
  'remote-sink': {
    receiver: 'sink',
    url: 'http://127.0.0.1:8025',
    token: { env: 'CHATTERMARK_RECEIVER_TOKEN' }
  },
  imap: {
    receiver: 'imap',
    host: '',
    port: 993,
    security: 'tls',
    auth: { user: '', password: { env: 'IMAP_PASSWORD' } }
  }
}

/** The kind that a plan's delivery is of. */
export function chosenDelivery(delivery: unknown): DeliveryKind {
  if (typeof delivery !== 'object' || delivery === null) return 'none'
  const { receiver, url } = delivery as { receiver?: unknown; url?: unknown }
  if (receiver === 'imap') return 'imap'
  return typeof url === 'string' ? 'remote-sink' : 'sink'
}
