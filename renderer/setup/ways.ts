import type { JsonObject } from './plan-draft.svelte.ts'

/** One way of sending to a server: which client, whether connections are kept, how much is said at once. */
export interface Way {
  /** Ends the transport's name. */
  id: string
  client: string
  connection: 'new' | 'kept'
  label: string
  /** Fields that make the way; null takes one out. */
  fields: Record<string, unknown>
}

const SMTP_WAYS: readonly Way[] = [
  smtp('cold', 'wire', 'new', 'one command at a time', { messagesPerConnection: 1, pipelining: 'off' }),
  smtp('cold-pipelined', 'wire', 'new', 'pipelined', { messagesPerConnection: 1 }),
  smtp('cold-chunked', 'wire', 'new', 'pipelined and chunked', {
    messagesPerConnection: 1,
    chunking: 'auto'
  }),
  smtp('kept', 'wire', 'kept', 'one command at a time', { pipelining: 'off' }),
  smtp('kept-pipelined', 'wire', 'kept', 'pipelined', {}),
  smtp('kept-chunked', 'wire', 'kept', 'pipelined and chunked', { chunking: 'auto' }),
  smtp('kept-overlap', 'wire', 'kept', 'overlapped', { overlap: true }),
  smtp('nodemailer-cold', 'nodemailer', 'new', 'as nodemailer does', { messagesPerConnection: 1 }),
  smtp('nodemailer-kept', 'nodemailer', 'kept', 'as nodemailer does', {})
]

const HTTP_WAYS: readonly Way[] = [
  http('cold', 'wire', 'new', 'HTTP/1.1', { keepAlive: false }),
  http('kept', 'wire', 'kept', 'HTTP/1.1', {}),
  http('http2', 'wire', 'kept', 'HTTP/2', { version: '2' }),
  http('undici-cold', 'undici', 'new', 'HTTP/1.1', { keepAlive: false }),
  http('undici-kept', 'undici', 'kept', 'HTTP/1.1', {}),
  http('undici-http2', 'undici', 'kept', 'HTTP/2', { version: '2' })
]

function smtp(id: string, client: string, connection: Way['connection'], label: string, fields: object): Way {
  const off = { messagesPerConnection: null, pipelining: 'auto', chunking: 'off', overlap: false }
  return { id, client, connection, label, fields: { client, ...off, ...fields } }
}

function http(id: string, client: string, connection: Way['connection'], label: string, fields: object): Way {
  const options = { version: '1.1', keepAlive: true, ...fields }
  return {
    id,
    client,
    connection,
    label,
    fields: { client, messagesPerConnection: null, ...prefixed(options) }
  }
}

function prefixed(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [`http.${key}`, value]))
}

export function waysOf(protocol: unknown): readonly Way[] {
  return protocol === 'http' ? HTTP_WAYS : SMTP_WAYS
}

/** Whether a transport sends in this way. @param value a field of it, defaults included */
export function isWay(way: Way, value: (field: string) => unknown): boolean {
  return Object.entries(way.fields).every(([field, wanted]) => (value(field) ?? null) === wanted)
}

/** A transport to the server of another one, sent in this way. */
export function inWay(server: JsonObject, way: Way, name: string): Record<string, unknown> {
  const made = JSON.parse(JSON.stringify(server)) as Record<string, unknown>
  for (const [path, value] of Object.entries(way.fields)) {
    const [field = '', part] = path.split('.')
    if (part === undefined) made[field] = value
    else made[field] = { ...(typeof made[field] === 'object' ? made[field] : {}), [part]: value }
  }
  // The order of fields is the reader's: the name first.
  return { ...made, name }
}

/** What a server is: the fields that its transports share. Transports with the same key go to the same one. */
export function serverKey(transport: unknown): string {
  if (typeof transport !== 'object' || transport === null) return ''
  const { protocol, provider, host, port, security, url, domain, auth } = transport as Record<string, unknown>
  return JSON.stringify([protocol, provider, host, port, security, url, domain, auth])
}
