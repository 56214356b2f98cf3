import type { Client, ClientOptions, Lane, TraceEvent } from '../../electron/transports/client.ts'
import { nowUs } from '../../electron/transports/clock.ts'
import { composeContent, type Content } from '../../electron/transports/content.ts'
import type { SendResult } from '../../electron/transports/send-result.ts'
import { createNodemailerClient } from '../../electron/transports/smtp/nodemailer-client.ts'
import { createSmtpWireClient } from '../../electron/transports/smtp/wire-client.ts'
import { messageSchema, smtpTransportSchema, type PlanInput, type SmtpTransport } from '../../shared/plan.ts'
import { PHASES, type Phase } from '../../shared/words.ts'

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
    timeoutMs: setup.timeoutMs ?? 10_000,
    concurrency: 1,
    ...(setup.trace === undefined ? {} : { trace: setup.trace })
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

/** A result that may be kept. */
export interface KeptResult {
  seq: number
  outcome: SendResult['outcome']
  code: string
  phase: Phase
  sample: string
  turns: number
  waitUs: number
  serviceUs: number
  reused: boolean
  connection: number
  recipientsRefused: number
  throttled: boolean
  retryAfterSeconds: number
  bytesOut: number
  bytesIn: number
  /** Turns of each phase that took place. */
  phases: Partial<Record<Phase, number>>
}

export function keep(result: SendResult): KeptResult {
  const phases: Partial<Record<Phase, number>> = {}
  PHASES.forEach((phase, index) => {
    if ((result.phaseMask & (1 << index)) !== 0) phases[phase] = result.phaseTurns[index] ?? 0
  })
  const { seq, outcome, code, phase, sample, turns, waitUs, reused, connection, throttled } = result
  const { recipientsRefused, retryAfterSeconds, bytesOut, bytesIn, doneUs, startedUs } = result
  return {
    ...{ seq, outcome, code, phase, sample, turns, waitUs, reused, connection, throttled, phases },
    ...{ recipientsRefused, retryAfterSeconds, bytesOut, bytesIn, serviceUs: doneUs - startedUs }
  }
}

/** A lane that is used one send at a time, by promise. */
export class TestLane {
  readonly lane: Lane
  #seq = 0
  #settle: ((result: KeptResult) => void) | null = null
  /** Calls of `onDone` that nobody waited for. */
  unexpected = 0

  constructor(client: Client, index = 0) {
    this.lane = client.openLane(index, (result) => {
      const settle = this.#settle
      this.#settle = null
      if (settle === null) this.unexpected++
      else settle(keep(result))
    })
  }

  send(followed = false): Promise<KeptResult> {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.lane.send(this.#seq++, nowUs(), followed)
    })
  }
}

/**
 * Sends `count` messages one behind the other, each from within the end of the one before, as the engine does.
 * @param onDone hears each result at once
 */
export function sendInRow(
  client: Client,
  count: number,
  onDone?: (result: KeptResult) => void
): Promise<KeptResult[]> {
  return new Promise((resolve) => {
    const results: KeptResult[] = []
    const lane = client.openLane(0, (result) => {
      const kept = keep(result)
      results.push(kept)
      onDone?.(kept)
      if (results.length === count) resolve(results)
      else lane.send(results.length, nowUs(), results.length + 1 < count)
    })
    lane.send(0, nowUs(), count > 1)
  })
}
