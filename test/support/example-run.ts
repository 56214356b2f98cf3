import { compareAll } from '../../shared/insight/comparison.ts'
import type { PhaseRecord, RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import type { Phase } from '../../shared/record/words.ts'
import { runRecord, transportRecord, validPlan } from './records.ts'

/** What one of the example's transports is made of. */
interface Shape {
  name: string
  phases: readonly (readonly [Phase, turns: number])[]
  serverMs: number
  clientMs: number
  cold: boolean
  protocol: 'smtp' | 'http'
}

const SHAPES: readonly Shape[] = [
  {
    name: 'smtp-cold',
    phases: [
      ...(['tcp', 'greeting'] as const).map((name) => [name, 1] as const),
      ['ehlo', 2],
      ...(['starttls', 'tls', 'auth', 'mail', 'rcpt', 'data', 'content'] as const).map(
        (name) => [name, 1] as const
      )
    ],
    ...{ serverMs: 12, clientMs: 3, cold: true, protocol: 'smtp' }
  },
  {
    name: 'smtp-kept',
    phases: (['mail', 'rcpt', 'data', 'content'] as const).map((name) => [name, 1] as const),
    ...{ serverMs: 9, clientMs: 1.2, cold: false, protocol: 'smtp' }
  },
  { name: 'api', phases: [['wait', 1]], serverMs: 2.4, clientMs: 0.8, cold: false, protocol: 'http' }
]

/** A transport with 600 accepted sends in 6 rounds that take just what its turns, server and client take. */
function exampleTransport(shape: Shape, rttMs: number): TransportRecord {
  const turns = shape.phases.reduce((sum, [, each]) => sum + each, 0)
  const ms = turns * rttMs + shape.serverMs + shape.clientMs
  const rounds = Array.from({ length: 6 }, (_, round) =>
    Array.from({ length: 100 }, (_, send) => 1000 * ms * (1 + 0.005 * Math.sin(send + 7 * round)))
  )
  const phases = shape.phases.map(([name, each]): PhaseRecord => {
    const wait = each * (rttMs + shape.serverMs / turns)
    return { name, count: 600, meanMs: wait, p50: wait, p99: wait * 1.05, turns: each }
  })
  return transportRecord(shape.name, rounds, {
    protocol: shape.protocol,
    turns: { perMessage: turns, cold: shape.cold ? turns : null, warm: shape.cold ? null : turns },
    ...{ rttMs, chatterMs: turns * rttMs, serverMs: shape.serverMs, clientMs: shape.clientMs, phases },
    connections: shape.cold
      ? { opened: 600, reused: 0, maxOpen: 10, closedByPeer: 0, resent: 0 }
      : { opened: 10, reused: 590, maxOpen: 10, closedByPeer: 0, resent: 0 },
    observed: { banner: '220 mail.test', capabilities: ['PIPELINING'], tls: null, alpn: null },
    timeline: rounds.map((_, second) => ({
      ...{ second: 3 * second, measuredSeconds: 1, accepted: 100, rejected: 0, failed: 0, aborted: 0 },
      ...{ p50: ms, p99: ms * 1.01 }
    }))
  })
}

/** The run of the sketch: SMTP cold and kept against the API, at an RTT of one's choice. */
export function exampleRun(rttMs: number, changes: Partial<RunRecord> = {}): RunRecord {
  const transports = SHAPES.map((shape) => exampleTransport(shape, rttMs))
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: 587, security: 'starttls' } as const
  const plan = validPlan({
    transports: [
      { name: 'smtp-cold', ...smtp, messagesPerConnection: 1, auth: { user: 'u', password: { env: 'P' } } },
      { name: 'smtp-kept', ...smtp, pipelining: 'off' },
      { name: 'api', protocol: 'http', url: 'http://127.0.0.1:8080', domain: 'example.com' }
    ]
  })
  const record = runRecord(transports, { plan, ...changes })
  const compared = { ...record, comparison: compareAll(record.transports) }
  return { ...compared, verdict: verdict(compared) }
}
