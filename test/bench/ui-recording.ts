import type { CallResults } from '../../shared/page/ipc.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import type { Counts, TimelineRow } from '../../shared/record/run-record.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import type { Snapshot, TransportSnapshot } from '../../shared/record/snapshot.ts'

/** Length of the recorded run, and the messages that it sends a second. */
export const RUN_SECONDS = 600
export const RUN_RATE = 20_000
export const SNAPSHOTS_PER_SECOND = 5

const ROUNDS = 10
const WARMUP_SECONDS = 1
const CONNECTIONS = 50
/** What the transports' medians wander around, ms. */
const TRANSPORTS = [
  { name: 'smtp-587-cold', p50Ms: 38 },
  { name: 'smtp-587-kept', p50Ms: 11 },
  { name: 'smtp-587-kept-pipelined', p50Ms: 5.2 },
  { name: 'smtp-465-cold', p50Ms: 31 },
  { name: 'api-cold', p50Ms: 14 },
  { name: 'api-kept', p50Ms: 2.6 }
]
/** Transports of the run, each a lane of its own. */
export const RECORDED_TRANSPORTS = TRANSPORTS.length
const BLOCK_SECONDS = RUN_SECONDS / (ROUNDS * TRANSPORTS.length)
/** How sends end that are not accepted, every transport in two ways, so that there are more than a snapshot names. */
const FAULTS = [
  [
    { class: 'rejected', code: '450 4.2.1', phase: 'rcpt', share: 4e-4 },
    { class: 'failed', code: 'ECONNRESET', phase: 'content', share: 5e-5 }
  ],
  [
    { class: 'rejected', code: '451 4.7.1', phase: 'content', share: 2e-4 },
    { class: 'failed', code: 'ETIMEDOUT', phase: 'content', share: 3e-5 }
  ]
] as const

/** What a page hears that asks for the run that goes on. */
export type RunSoFar = Extract<CallResults['run.current'], { kind: 'compare' }>

/** A run as its listeners saw it: every snapshot in turn, and the whole seconds behind them. */
export interface Recording {
  plan: Plan
  snapshots: Snapshot[]
  timelines: RunSoFar['timelines']
}

interface Transport {
  name: string
  /** The median now, ms. */
  p50Ms: number
  counts: Counts
  rows: TimelineRow[]
  rounds: RunSoFar['timelines'][number]['rounds']
  round: TransportSnapshot['round']
}

/**
 * The stream of a ten-minute run of six transports, as `electron/engine/live-view.ts` composes it: one transport
 * has news at a time, its figures wander and are not rounded, errors of ten kinds come in. The same at every call.
 */
export function recordRun(): Recording {
  const random = seededRandom(RUN_RATE)
  const counts: Counts = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
  const transports = TRANSPORTS.map((transport): Transport => ({
    ...transport,
    counts,
    rows: [],
    rounds: [],
    round: null
  }))
  const snapshots = Array.from({ length: RUN_SECONDS * SNAPSHOTS_PER_SECOND }, (_, index) =>
    snapshotAt((index + 0.05 * random()) / SNAPSHOTS_PER_SECOND, transports, random)
  )
  return {
    plan: planOf(),
    snapshots,
    timelines: transports.map(({ name, rows, rounds }) => ({ name, rows, rounds }))
  }
}

/** A plan whose transports are called as the recorded ones are. */
function planOf(): Plan {
  return sandboxPlan({
    load: { model: 'closed', concurrency: CONNECTIONS, durationSeconds: RUN_SECONDS / TRANSPORTS.length },
    rounds: ROUNDS,
    transports: TRANSPORTS.map(({ name }) => ({
      ...{ name, protocol: 'smtp', host: 'sandbox', port: 587, security: 'starttls' }
    }))
  })
}

function snapshotAt(seconds: number, transports: Transport[], random: () => number): Snapshot {
  const block = Math.floor(seconds / BLOCK_SECONDS)
  const round = Math.floor(block / transports.length)
  const place = block % transports.length
  const now = transports[round % 2 === 0 ? place : transports.length - 1 - place]
  const measuring = seconds - block * BLOCK_SECONDS >= WARMUP_SECONDS
  return {
    runId: 'recorded-run',
    name: 'Ten minutes at 20,000 a second',
    state: 'running',
    elapsedMs: seconds * 1000,
    progress: seconds / RUN_SECONDS,
    secondsLeft: RUN_SECONDS - seconds,
    round: round + 1,
    rounds: ROUNDS,
    transport: now?.name ?? null,
    stage: measuring ? 'measuring' : 'warm-up',
    transports: transports.map((transport) => ({
      name: transport.name,
      round: transport.round,
      ...(measuring && transport === now ? measured(transport, seconds, random) : NO_NEWS),
      counts: transport.counts,
      openConnections: transport === now ? CONNECTIONS : 0
    })),
    errors: errorsOf(transports)
  }
}

type News = Pick<TransportSnapshot, 'rows' | 'ratePerSecond' | 'p50' | 'p99'>

const NO_NEWS: News = { rows: [], ratePerSecond: null, p50: null, p99: null }

/** Lets a transport send for the time of one snapshot. */
function measured(transport: Transport, seconds: number, random: () => number): News {
  const sent = Math.round((RUN_RATE / SNAPSHOTS_PER_SECOND) * (0.9 + 0.2 * random()))
  const before = transport.counts
  const after = { ...before, sent: before.sent + sent, rejected: 0, failed: 0 }
  for (const fault of faultsOf(transport)) after[fault.class] = Math.floor(after.sent * fault.share)
  after.accepted = after.sent - after.rejected - after.failed
  transport.counts = after
  transport.p50Ms *= 0.97 + 0.06 * random()
  const p50 = wholeUs(transport.p50Ms)
  const p99 = wholeUs(p50 * (1.6 + 2 * random() ** 6))
  const accepted = after.accepted - before.accepted
  addToSecond(transport.rows, {
    second: Math.floor(seconds),
    measuredSeconds: 1,
    accepted,
    rejected: 0,
    failed: 0,
    aborted: 0,
    p50,
    p99
  })
  const ratePerSecond = accepted * SNAPSHOTS_PER_SECOND * (0.99 + 0.02 * random())
  const round = Math.floor(seconds / BLOCK_SECONDS / TRANSPORTS.length) + 1
  if (transport.round?.round !== round) transport.rounds.push({ round, startedMs: 1000 * seconds })
  transport.round = {
    round,
    startedMs: transport.rounds.at(-1)?.startedMs ?? 0,
    counts: after,
    ratePerSecond,
    p50,
    p99
  }
  return { rows: transport.rows.slice(-2).map((row) => ({ ...row })), ratePerSecond, p50, p99 }
}

function addToSecond(rows: TimelineRow[], row: TimelineRow): void {
  const last = rows.at(-1)
  if (last?.second === row.second) last.accepted += row.accepted
  else rows.push(row)
}

/** Times have whole microseconds, as histograms give them. */
function wholeUs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function faultsOf({ name }: Transport): (typeof FAULTS)[number] {
  return FAULTS[name.endsWith('cold') ? 0 : 1]
}

function errorsOf(transports: Transport[]): Snapshot['errors'] {
  return transports
    .flatMap((transport) =>
      faultsOf(transport).map(({ class: errorClass, code, phase, share }) => ({
        transport: transport.name,
        class: errorClass,
        code,
        phase,
        count: Math.floor(transport.counts.sent * share),
        sample: `${code} the server is busy with other messages, try again later (see https://example.com/busy)`
      }))
    )
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 10)
}
