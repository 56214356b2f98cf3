import type { ExplainRecord } from '../../shared/record/explain-record.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import {
  TransportError,
  type Client,
  type ClientOptions,
  type ConnectionStats,
  type TraceEvent
} from '../transports/client.ts'
import { nowUs } from '../transports/clock.ts'
import type { SendResult } from '../transports/send-result.ts'
import type { PreparedTransport } from './block.ts'
import { composeAside } from './compose-aside.ts'
import { createClient, timeLimits } from './create-client.ts'
import { letGo, prepare } from './prepare.ts'
import { explainEvents } from '../record/explain-events.ts'
import { explainParts } from '../record/explain-parts.ts'
import { untilStopped } from '../record/until-stopped.ts'
import { RunError } from '../record/run-error.ts'
import type { Keychain } from './read-secret.ts'

/** How long a connection may take to say goodbye, ms. */
const CLOSE_MS = 2000

export interface ExplainOptions {
  keychain: Keychain
  fork?: ForkProcess
  /** Ends it at once, whatever is waited for. */
  signal?: AbortSignal
  /** Only this transport; all of them when absent. */
  transport?: string
}

type Explained = ExplainRecord['transports'][number]

/**
 * Sends one message per transport, and a second one where the connection is kept, and writes down every line and
 * every turn.
 * @throws {RunError} when a transport cannot be used; {@link StoppedEarly} when the signal says so
 */
export async function explain(plan: Plan, options: ExplainOptions): Promise<ExplainRecord> {
  const chosen =
    options.transport === undefined
      ? plan
      : { ...plan, transports: plan.transports.filter(({ name }) => name === options.transport) }
  const prepared = await prepare(chosen, options)
  try {
    const transports: Explained[] = []
    for (const [index, transport] of prepared.transports.entries()) {
      const emulatedRttMs = prepared.starts[index]?.emulatedRttMs ?? null
      transports.push(...(await explainTransport(chosen, transport, emulatedRttMs, options.signal)))
    }
    return { schema: 1, transports }
  } finally {
    await prepared.close()
  }
}

async function explainTransport(
  plan: Plan,
  prepared: PreparedTransport,
  emulatedRttMs: number | null,
  signal: AbortSignal | undefined
): Promise<Explained[]> {
  let events: TraceEvent[] = []
  const options = {
    ...prepared,
    content: await untilStopped(composeAside(plan.message, prepared.runTag, prepared.headers), signal),
    ...timeLimits(plan),
    concurrency: 1,
    link: prepared.emulated
  }
  await rehearse(options, signal)
  const client = await createClient({ ...options, trace: (event) => events.push(event) })
  try {
    const sends = keepsConnection(prepared) ? 2 : 1
    const send = oneByOne(client)
    const explained: Explained[] = []
    for (let seq = 0; seq < sends; seq++) {
      events = []
      const result = await untilStopped(send(seq, seq + 1 < sends), signal)
      const told = events.filter((event) => event.atUs <= result.doneUs || isGoodbye(event))
      explained.push({
        ...describe(prepared.transport.name, result, client.stats, emulatedRttMs),
        transferSource: prepared.emulated === null ? client.stats.tcp.source : 'emulated',
        events: explainEvents(told, result.startedUs, prepared.emulatedRttUs)
      })
    }
    return explained
  } finally {
    await letGo(client, CLOSE_MS, signal)
  }
}

/**
 * Goes as far as a send goes before its message, with a client of its own, so that no TLS session is left over: what
 * only the very first connection of a process takes is not the peer's doing.
 */
async function rehearse(options: ClientOptions, signal: AbortSignal | undefined): Promise<void> {
  const client = await createClient(options)
  try {
    await untilStopped(client.preflight(), signal)
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    throw new RunError(`${options.transport.name}: ${error.message} (phase ${error.phase}, ${error.code})`)
  } finally {
    await letGo(client, CLOSE_MS, signal)
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

/** @param emulatedRttMs round trip to the peer with the emulated link's; null without one: the shortest turn tells it */
function describe(
  name: string,
  result: SendResult,
  { leastConnectUs, leastTurnUs, tcp }: ConnectionStats,
  emulatedRttMs: number | null
): Omit<Explained, 'events' | 'transferSource'> {
  const leastUs = Math.min(leastConnectUs, leastTurnUs)
  const seenUs = Number.isFinite(leastUs) ? leastUs : null
  return {
    name,
    connection: result.reused ? 'warm' : 'cold',
    outcome: result.outcome,
    code: result.code,
    turns: result.turns,
    ...explainParts(result, emulatedRttMs === null ? seenUs : 1000 * emulatedRttMs),
    congestionControl: tcp.congestionControl
  }
}

/** QUIT is said after the outcome, and belongs to the send although nobody waits for its answer. */
function isGoodbye(event: TraceEvent): boolean {
  return event.kind === 'sent' && event.phase === 'quit'
}
