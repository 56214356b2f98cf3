import {
  distribution,
  encodeHistogram,
  createHistogram,
  mergeHistograms,
  recordUs
} from '../../shared/record/histogram.ts'
import { type Plan, type PlanInput } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { RunRecord, TransportRecord } from '../../shared/record/run-record.ts'

/** A small valid plan with one transport of each protocol; `changes` replace top-level fields. */
export function planInput(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    schema: 1,
    name: 'two ways',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 10, messages: 600 },
    transports: [
      { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: 587, security: 'starttls' },
      { name: 'api', protocol: 'http', url: 'http://127.0.0.1:8080', domain: 'example.com' }
    ],
    ...changes
  }
}

export function validPlan(changes: Partial<PlanInput> = {}): Plan {
  const parsed = parsePlan(planInput(changes))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.plan
}

/**
 * A transport's record with these response times; `changes` replace top-level fields.
 * @param roundsUs for each round the times of its accepted sends, µs
 */
export function transportRecord(
  name: string,
  roundsUs: readonly (readonly number[])[],
  changes: Partial<TransportRecord> = {}
): TransportRecord {
  const histograms = roundsUs.map((values) => {
    const histogram = createHistogram()
    for (const value of values) recordUs(histogram, value)
    return histogram
  })
  const measured = (histogram: ReturnType<typeof createHistogram>, seconds: number) => ({
    counts: {
      sent: histogram.totalCount,
      accepted: histogram.totalCount,
      rejected: 0,
      failed: 0,
      aborted: 0
    },
    durationSeconds: seconds,
    throughput: seconds === 0 ? 0 : histogram.totalCount / seconds,
    response: distribution(histogram),
    service: distribution(histogram),
    turns: { perMessage: 1, cold: null, warm: 1 },
    rttMs: 1,
    lookupMs: 0,
    chatterMs: 1,
    serverMs: 0.5,
    clientMs: 0.1,
    residualMs: 0,
    queueMs: 0,
    transferMs: 0,
    retransmits: null,
    bytes: { out: 1000, in: 100 },
    histogram: encodeHistogram(histogram)
  })
  const seconds = roundsUs.map((values) => values.reduce((sum, value) => sum + value, 0) / 10 / 1e6)
  const all = mergeHistograms(histograms)
  return {
    name,
    protocol: 'smtp',
    client: 'wire',
    ...measured(
      all,
      seconds.reduce((sum, value) => sum + value, 0)
    ),
    offeredRate: null,
    dueRate: null,
    backlogAtEnd: null,
    startedLate: 0,
    noSlotShare: null,
    generatorLimited: false,
    cpuWaitMs: null,
    rtt: null,
    eventLoopUtilization: 0.2,
    limitReason: null,
    phases: [],
    connections: {
      opened: 10,
      reused: Math.max(0, all.totalCount - 10),
      maxOpen: 10,
      closedByPeer: 0,
      resent: 0
    },
    throttled: 0,
    tcp: null,
    loadedRtt: null,
    tail: null,
    warmup: { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 },
    settings: {},
    observed: null,
    notes: [],
    errors: [],
    timeline: [],
    places: [],
    serviceHistogram: encodeHistogram(all),
    rounds: histograms.map((histogram, index) => ({
      round: index + 1,
      startedMs: index * 1000,
      connectionsOpened: 10,
      ...measured(histogram, seconds[index] ?? 0)
    })),
    ...changes
  }
}

/** What the kernel tells of a transport's TCP where nothing is remarkable; `changes` replace fields. */
export function tcpRecord(
  changes: Partial<NonNullable<TransportRecord['tcp']>> = {}
): NonNullable<TransportRecord['tcp']> {
  return {
    ...{ source: 'kernel', minRttMs: 40, retransmits: 0, sendsWithRetransmit: 0 },
    ...{ congestionControl: 'cubic', windowSegments: 40, delayedAck: null, receiveWindow: null },
    ...changes
  }
}

/** A run's record with these transports; `changes` replace top-level fields. */
export function runRecord(
  transports: readonly TransportRecord[],
  changes: Partial<RunRecord> = {}
): RunRecord {
  return {
    schema: 1,
    places: [],
    id: 'run-1',
    name: 'two ways',
    startedAt: '2026-11-23T14:02:00.000Z',
    finishedAt: '2026-11-23T14:02:40.000Z',
    state: 'finished',
    environment: {
      chattermark: '0.1.0',
      node: '24.21.0',
      electron: null,
      nodemailer: '10.6.0',
      undici: '8.12.4',
      openssl: '3.5.4',
      platform: 'linux x64',
      cpu: 'a processor',
      cores: 2,
      workers: 1
    },
    plan: validPlan(),
    transports: [...transports],
    comparison: [],
    verdict: '',
    asserts: [],
    ...changes
  }
}
