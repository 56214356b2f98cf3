import type { Client, ClientOptions, TraceEvent } from '../../electron/transports/client.ts'
import type { Lookup } from '../../electron/transports/connect/resolver.ts'
import { composeContent, type Content } from '../../electron/transports/content.ts'
import { createNodemailerClient } from '../../electron/transports/smtp/nodemailer-client.ts'
import { createSmtpWireClient } from '../../electron/transports/smtp/wire-client.ts'
import {
  messageSchema,
  smtpTransportSchema,
  type PlanInput,
  type SmtpTransport
} from '../../shared/plan/plan.ts'

type TransportInput = Partial<Extract<PlanInput['transports'][number], { protocol: 'smtp' }>>
type MessageInput = Partial<PlanInput['message']>

export interface SmtpSetup {
  port: number
  transport?: TransportInput
  message?: MessageInput
  password?: string
  caPem?: string
  timeoutMs?: number
  trace?: (event: TraceEvent) => void
  sendTimeoutMs?: number
  lookup?: Lookup
  /** A name other than 127.0.0.1. */
  connectHost?: string
}

export const TEST_PASSWORD = 'correct horse battery staple'
export const AUTH = { user: 'tester', password: { env: 'UNUSED' } } as const
export const TEST_RUN_TAG = 'fedcba9876543210'

/** What a client is made from, with what every test would say the same. */
export async function smtpOptions(setup: SmtpSetup): Promise<ClientOptions<SmtpTransport>> {
  const transport = smtpTransportSchema.parse({
    name: 'smtp',
    protocol: 'smtp',
    host: setup.connectHost ?? '127.0.0.1',
    port: setup.port,
    security: 'none',
    ...setup.transport
  })
  return {
    transport,
    connectHost: setup.connectHost ?? '127.0.0.1',
    connectPort: setup.port,
    password: setup.password ?? TEST_PASSWORD,
    caPem: setup.caPem ?? null,
    content: await testContent(setup.message),
    timeoutMs: setup.timeoutMs ?? 30_000,
    concurrency: 1,
    ...(setup.trace === undefined ? {} : { trace: setup.trace }),
    ...(setup.lookup === undefined ? {} : { lookup: setup.lookup }),
    sendTimeoutMs: setup.sendTimeoutMs ?? null
  }
}

export function testContent(message: MessageInput = {}): Promise<Content> {
  const parsed = messageSchema.parse({ from: 'bench@example.com', to: ['sink@example.com'], ...message })
  return composeContent(parsed, TEST_RUN_TAG)
}

export async function smtpClient(setup: SmtpSetup): Promise<Client> {
  const options = await smtpOptions(setup)
  return options.transport.client === 'wire' ? createSmtpWireClient(options) : createNodemailerClient(options)
}
