import type { ExplainEvent, ExplainRecord } from '../../shared/explain-record.ts'
import type { Plan } from '../../shared/plan.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { TransportError, type Client, type ClientOptions, type TraceEvent } from '../transports/client.ts'
import { nowUs } from '../transports/clock.ts'
import { composeContent } from '../transports/content.ts'
import type { SendResult } from '../transports/send-result.ts'
import type { PreparedTransport } from './block.ts'
import { createClient } from './create-client.ts'
import { prepare } from './prepare.ts'
import { RunError } from './run-error.ts'
import type { Keychain } from './secrets.ts'

/** How long a connection may take to say goodbye, ms. */
const CLOSE_MS = 2000

export interface ExplainOptions {
  keychain: Keychain
  fork?: ForkProcess
  /** Only this transport; all of them when absent. */
  transport?: string
}

type Explained = ExplainRecord['transports'][number]

/**
 * Sends one message per transport, and a second one where the connection is kept, and writes down every line and
 * every turn.
 * @throws {RunError} when a transport cannot be used
 */
export async function explain(plan: Plan, options: ExplainOptions): Promise<ExplainRecord> {
  const chosen =
    options.transport === undefined
      ? plan
      : { ...plan, transports: plan.transports.filter(({ name }) => name === options.transport) }
  const prepared = await prepare(chosen, options)
  try {
    const transports: Explained[] = []
    for (const transport of prepared.transports)
      transports.push(...(await explainTransport(chosen, transport)))
    return { schema: 1, transports }
  } finally {
    await prepared.close()
  }
}

async function explainTransport(plan: Plan, prepared: PreparedTransport): Promise<Explained[]> {
  let events: TraceEvent[] = []
  const options = {
    ...prepared,
    content: await composeContent(plan.message, prepared.runTag, prepared.headers),
    timeoutMs: plan.timeoutSeconds * 1000,
    concurrency: 1
  }
  await rehearse(options)
  const client = await createClient({ ...options, trace: (event) => events.push(event) })
  try {
    const sends = keepsConnection(prepared) ? 2 : 1
    const send = oneByOne(client)
    const explained: Explained[] = []
    for (let seq = 0; seq < sends; seq++) {
      events = []
      const result = await send(seq, seq + 1 < sends)
      explained.push(describe(prepared, result, events))
    }
    return explained
  } finally {
    await client.close(CLOSE_MS)
  }
}

/**
 * Goes as far as a send goes before its message, with a client of its own, so that no TLS session is left over: what
 * only the very first connection of a process takes is not the peer's doing.
 */
async function rehearse(options: ClientOptions): Promise<void> {
  const client = await createClient(options)
  try {
    await client.preflight()
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    throw new RunError(`${options.transport.name}: ${error.message} (phase ${error.phase}, ${error.code})`)
  } finally {
    await client.close(CLOSE_MS)
  }
}

function keepsConnection({ transport }: PreparedTransport): boolean {
  return (
    transport.messagesPerConnection !== 1 && !(transport.protocol === 'http' && !transport.http.keepAlive)
  )
}

/** Sends on one lane, waiting for each outcome. */
function oneByOne(client: Client): (seq: number, followed: boolean) => Promise<SendResult> {
  let finish: (result: SendResult) => void = () => undefined
  const lane = client.openLane(0, (result) => {
    finish(result)
  })
  return (seq, followed) =>
    new Promise((resolve) => {
      finish = resolve
      lane.send(seq, nowUs(), followed)
    })
}

function describe(
  { transport, emulatedRttUs }: PreparedTransport,
  result: SendResult,
  trace: readonly TraceEvent[]
): Explained {
  const told = trace.filter((event) => event.atUs <= result.doneUs || isGoodbye(event))
  let turns = 0
  const events = showHandshake(told, emulatedRttUs).flatMap((event): ExplainEvent[] => {
    const described = describeEvent(event, result.startedUs, turns)
    if (event.kind === 'waited') turns += event.turns
    return described
  })
  return {
    name: transport.name,
    connection: result.reused ? 'warm' : 'cold',
    outcome: result.outcome,
    code: result.code,
    turns: result.turns,
    totalMs: (result.doneUs - result.startedUs) / 1000,
    events
  }
}

/** QUIT is said after the outcome, and belongs to the send although nobody waits for its answer. */
function isGoodbye(event: TraceEvent): boolean {
  return event.kind === 'sent' && event.phase === 'quit'
}

/**
 * A delay link hides the TCP handshake and shows it in the wait that follows; here it goes back to where it would be:
 * the connection is open a round trip later, and what was said at once was said then.
 */
function showHandshake(trace: readonly TraceEvent[], rttUs: number): TraceEvent[] {
  const connect = trace.findIndex((event) => event.kind === 'waited' && event.phase === 'tcp')
  if (rttUs === 0 || connect === -1) return [...trace]
  const isLate = (event: TraceEvent): boolean => event.kind === 'heard' || event.kind === 'waited'
  const firstHeard = trace.findIndex((event, index) => index > connect && isLate(event))
  const firstWait = trace.findIndex((event, index) => index > connect && event.kind === 'waited')
  return trace.map((event, index) => {
    const isMoved = index >= connect && (index < firstHeard || firstHeard === -1)
    const atUs = isMoved ? event.atUs + rttUs : event.atUs
    if (event.kind !== 'waited') return { ...event, atUs }
    const movedUs = index === connect ? rttUs : index === firstWait ? -rttUs : 0
    return { ...event, atUs, waitedUs: Math.max(0, event.waitedUs + movedUs) }
  })
}

/** @param turnsBefore turns that were over before this event */
function describeEvent(event: TraceEvent, startedUs: number, turnsBefore: number): ExplainEvent[] {
  const atMs = (event.atUs - startedUs) / 1000
  const plain = { atMs, phase: null, turn: null, waitedMs: null }
  switch (event.kind) {
    case 'sent':
    case 'heard':
      return event.text
        .split(/\r?\n/)
        .map((text) => ({ ...plain, kind: event.kind, phase: event.phase, text }))
    case 'waited':
      return describeWait(event, atMs, turnsBefore)
    case 'tls': {
      const how = event.resumed ? 'resumed' : 'full handshake'
      return [{ ...plain, kind: 'tls', phase: 'tls', text: `${event.version} ${event.cipher}, ${how}` }]
    }
    case 'connected':
    case 'closed':
      return [{ ...plain, kind: event.kind, text: event.kind }]
  }
}

/** An event for each turn of a wait; they share its time evenly. A name lookup is a wait without a turn. */
function describeWait(
  { phase, waitedUs, turns }: Extract<TraceEvent, { kind: 'waited' }>,
  atMs: number,
  turnsBefore: number
): ExplainEvent[] {
  const wait = { kind: 'turn', phase, text: phase } as const
  if (turns === 0) return phase === 'dns' ? [{ ...wait, atMs, turn: null, waitedMs: waitedUs / 1000 }] : []
  const waitedMs = waitedUs / 1000 / turns
  return Array.from({ length: turns }, (_, index) => ({
    ...wait,
    atMs: atMs - (turns - 1 - index) * waitedMs,
    turn: turnsBefore + index + 1,
    waitedMs
  }))
}
