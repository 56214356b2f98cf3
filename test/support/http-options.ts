import { type ClientOptions, type TraceEvent } from '../../electron/transports/client.ts'
import type { Lookup } from '../../electron/transports/connect/resolver.ts'
import { composeContent } from '../../electron/transports/content.ts'
import { httpTransportSchema, messageSchema, type HttpTransport } from '../../shared/plan/plan.ts'

export const RUN_TAG = '0123456789abcdef'

export interface OptionsInput {
  url: string
  transport?: Record<string, unknown>
  message?: Record<string, unknown>
  password?: string | null
  caPem?: string | null
  timeoutMs?: number
  concurrency?: number
  trace?: (event: TraceEvent) => void
  sendTimeoutMs?: number
  lookup?: Lookup
}

/** What a client is made from, with a small message and a password where nothing else is said. */
export async function httpOptions(input: OptionsInput): Promise<ClientOptions<HttpTransport>> {
  const transport = httpTransportSchema.parse({
    name: 'api',
    protocol: 'http',
    url: input.url,
    auth: { password: { env: 'KEY' } },
    ...input.transport
  })
  const message = messageSchema.parse({
    from: 'from@example.com',
    to: ['to@example.net'],
    subject: 'Hi',
    sizeBytes: 5,
    ...input.message
  })
  const url = new URL(transport.url)
  return {
    transport,
    connectHost: url.hostname.replace(/^\[|\]$/g, ''),
    connectPort: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    password: input.password === undefined ? 'secret-key' : input.password,
    caPem: input.caPem ?? null,
    content: await composeContent(message, RUN_TAG),
    timeoutMs: input.timeoutMs ?? 30_000,
    concurrency: input.concurrency ?? 1,
    ...(input.trace === undefined ? {} : { trace: input.trace }),
    ...(input.lookup === undefined ? {} : { lookup: input.lookup }),
    sendTimeoutMs: input.sendTimeoutMs ?? null
  }
}
