import { seededRandom } from '../../shared/insight/random.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { transportRecord } from './records.ts'

/** What a transport of a scripted result did. */
export interface Script {
  protocol?: 'smtp' | 'http'
  turns: number
  rttMs: number
  /** Server and client time of a message, ms. */
  restMs: number
  /** Waiting for a slot, ms: in the response and not in the service time. */
  queueMs?: number
  rounds?: number
  perRound?: number
  /** Level of each round, 1 for the usual; repeated as often as needed. */
  levels?: readonly number[]
  /** Relative scatter of the times. */
  scatter?: number
  /** Share of messages that take so many ms more. */
  tail?: { share: number; ms: number }
  /** Share of sends that are refused. */
  rejected?: number
}

const CONCURRENCY = 10

/** The record of a transport that did as its script says, the same every time. */
export function scripted(
  name: string,
  script: Script,
  changes: Partial<TransportRecord> = {}
): TransportRecord {
  const { turns, rttMs, restMs, queueMs = 0, rounds = 6, perRound = 200 } = script
  const { levels = [1, 1.004, 0.997], scatter = 0.03, tail = { share: 0, ms: 0 }, rejected = 0 } = script
  const random = seededRandom(name.length + 31 * turns)
  const service = Array.from({ length: rounds }, (_, round) => {
    const own = 1 + scatter * (random() - 0.5)
    return Array.from({ length: perRound }, () => {
      const noise = scatter * (random() + random() + random() - 1.5)
      const late = random() < tail.share ? tail.ms : 0
      return (
        1000 * ((turns * rttMs + restMs) * own * (levels[round % levels.length] ?? 1) * (1 + noise) + late)
      )
    })
  })
  const served = transportRecord(name, service)
  const record =
    queueMs === 0
      ? served
      : transportRecord(
          name,
          service.map((times) => times.map((us) => us + 1000 * queueMs))
        )
  const accepted = rounds * perRound
  const refused = Math.round((accepted * rejected) / (1 - rejected))
  const meanMs = served.service.mean ?? 0
  const seconds = (accepted * meanMs) / 1000 / CONCURRENCY
  return {
    ...record,
    protocol: script.protocol ?? 'smtp',
    counts: { ...record.counts, sent: accepted + refused, rejected: refused },
    service: served.service,
    serviceHistogram: served.histogram,
    queueMs,
    turns: { perMessage: turns, cold: null, warm: turns },
    rttMs,
    chatterMs: turns * rttMs,
    serverMs: Math.max(0, meanMs - turns * rttMs),
    clientMs: 0,
    durationSeconds: seconds,
    throughput: accepted / seconds,
    errors:
      refused === 0
        ? []
        : [
            {
              class: 'rejected',
              code: '450 4.2.1',
              phase: 'rcpt',
              count: refused,
              sample: '450 4.2.1 try later'
            }
          ],
    rounds: record.rounds.map((round) => ({
      ...round,
      ...{ durationSeconds: seconds / rounds, throughput: (round.counts.accepted * rounds) / seconds }
    })),
    ...changes
  }
}

/** A transport of which nothing was accepted. */
export function allFailed(name: string, changes: Partial<TransportRecord> = {}): TransportRecord {
  const none = { min: null, mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null }
  return transportRecord(name, [], {
    counts: { sent: 600, accepted: 0, rejected: 0, failed: 600, aborted: 0 },
    ...{ response: none, service: none, throughput: 0 },
    turns: { perMessage: null, cold: null, warm: null },
    errors: [{ class: 'failed', code: 'ECONNREFUSED', phase: 'tcp', count: 600, sample: 'connect' }],
    ...changes
  })
}
