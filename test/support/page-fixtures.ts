import { compareAll } from '../../shared/insight/comparison.ts'
import { DEMO_PLAN } from '../../shared/plan/demo-plan.ts'
import type { ExplainEvent, ExplainRecord } from '../../shared/record/explain-record.ts'
import { type Plan } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { ProbeRecord } from '../../shared/record/probe-record.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import type { ErrorRecord, PhaseRecord, RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { runRecordSchema } from '../../shared/record/run-record.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import type { Phase } from '../../shared/record/words.ts'
import { runRecord, transportRecord } from './records.ts'

const ROUNDS = 6
const PER_ROUND = 500

/** What a fixture's transport does: its phases with their turns, and its own times in ms. */
interface Behaviour {
  name: string
  protocol: 'smtp' | 'http'
  phases: [Phase, number][]
  serverMs: number
  clientMs: number
  cold: boolean
  tls: boolean
}

const OPENING: [Phase, number][] = [
  ['tcp', 1],
  ['greeting', 1],
  ['ehlo', 2],
  ['starttls', 1],
  ['tls', 1],
  ['auth', 1]
]
const SINGLE: [Phase, number][] = [
  ['mail', 1],
  ['rcpt', 1],
  ['data', 1],
  ['content', 1]
]
const GROUPED: [Phase, number][] = [
  ['envelope', 1],
  ['content', 1]
]

const BEHAVIOURS: Behaviour[] = [
  {
    name: 'smtp-587-cold',
    protocol: 'smtp',
    phases: [...OPENING, ...SINGLE],
    serverMs: 12,
    clientMs: 3,
    cold: true,
    tls: true
  },
  {
    name: 'smtp-587-kept',
    protocol: 'smtp',
    phases: SINGLE,
    serverMs: 9,
    clientMs: 1.2,
    cold: false,
    tls: true
  },
  {
    name: 'smtp-587-kept-pipelined',
    protocol: 'smtp',
    phases: GROUPED,
    serverMs: 4.5,
    clientMs: 0.9,
    cold: false,
    tls: true
  },
  {
    name: 'api-cold',
    protocol: 'http',
    phases: [
      ['tcp', 1],
      ['tls', 1],
      ['request', 0],
      ['wait', 1],
      ['response', 0]
    ],
    serverMs: 3,
    clientMs: 1.4,
    cold: true,
    tls: true
  },
  {
    name: 'api-kept',
    protocol: 'http',
    phases: [
      ['request', 0],
      ['wait', 1],
      ['response', 0]
    ],
    serverMs: 2.4,
    clientMs: 0.8,
    cold: false,
    tls: true
  }
]

/** The demonstration plan, validated, at another distance. */
export function fixturePlan(rttMs = 40): Plan {
  const parsed = parsePlan({
    ...DEMO_PLAN,
    name: '587 against the API',
    load: { model: 'closed', concurrency: 10, messages: ROUNDS * PER_ROUND },
    emulate: { rttMs },
    assert: ['api-kept.response.p99 < 250', 'smtp-587-cold.failed == 0']
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.plan
}

/**
 * A finished run of the demonstration plan as it could have been measured; valid by the schema.
 * @param options.errors adds refused and failed messages to the first transport
 */
export function fixtureRecord(
  id: string,
  options: { rttMs?: number; errors?: boolean; state?: RunRecord['state']; seed?: number } = {}
): RunRecord {
  const { rttMs = 40, errors = false, state = 'finished', seed = 1 } = options
  const random = seededRandom(seed)
  const transports = BEHAVIOURS.map((behaviour) => transportOf(behaviour, rttMs, errors, random))
  const record = runRecord(transports, {
    id,
    name: '587 against the API',
    state,
    plan: fixturePlan(rttMs),
    comparison: compareAll(transports),
    asserts: [
      { text: 'api-kept.response.p99 < 250', pass: true, value: transports[4]?.response.p99 ?? null },
      { text: 'smtp-587-cold.failed == 0', pass: !errors, value: errors ? 7 : 0 }
    ]
  })
  return runRecordSchema.parse({ ...record, verdict: verdict(record) })
}

function transportOf(
  { name, protocol, phases, serverMs, clientMs, cold, tls }: Behaviour,
  rttMs: number,
  errors: boolean,
  random: () => number
): TransportRecord {
  const turns = phases.reduce((sum, [, count]) => sum + count, 0)
  const meanMs = turns * rttMs + serverMs + clientMs
  const rounds = Array.from({ length: ROUNDS }, () =>
    Array.from({ length: PER_ROUND }, () => {
      const tail = random() ** 12 * meanMs * 0.35
      return Math.round(1000 * (meanMs * (0.99 + 0.02 * random()) + tail))
    })
  )
  const bad = errors && name === 'smtp-587-cold'
  const found: ErrorRecord[] = bad
    ? [
        {
          class: 'rejected',
          code: '450 4.2.1',
          phase: 'rcpt',
          count: 31,
          sample: '450 4.2.1 try again later'
        },
        { class: 'failed', code: 'ETIMEDOUT', phase: 'content', count: 7, sample: 'no answer within 30 s' }
      ]
    : []
  const record = transportRecord(name, rounds, {
    protocol,
    turns: { perMessage: turns, cold: cold ? turns : null, warm: cold ? null : turns },
    rttMs,
    chatterMs: turns * rttMs,
    serverMs,
    clientMs,
    residualMs: 0.1,
    errors: found,
    observed: {
      banner: protocol === 'smtp' ? '220 sandbox ESMTP' : null,
      capabilities: protocol === 'smtp' ? ['PIPELINING', '8BITMIME', 'CHUNKING', 'SIZE 52428800'] : [],
      tls: tls
        ? { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', resumed: false, verified: true }
        : null,
      alpn: protocol === 'http' ? 'http/1.1' : null
    },
    settings: { noDelay: true, pipelining: protocol === 'smtp' ? 'auto' : null, resumeTlsSessions: true },
    notes: [`The round trip of ${rttMs} ms is emulated by a delay link on this machine.`],
    connections: {
      opened: cold ? 3000 : 60,
      reused: cold ? 0 : 2940,
      maxOpen: 10,
      closedByPeer: 0,
      resent: 0
    }
  })
  const counts = {
    ...record.counts,
    sent: record.counts.sent + (bad ? 38 : 0),
    rejected: bad ? 31 : 0,
    failed: bad ? 7 : 0
  }
  return { ...record, counts, phases: phases.map((phase) => phaseOf(phase, rttMs, record.counts.accepted)) }
}

function phaseOf([name, turns]: [Phase, number], rttMs: number, count: number): PhaseRecord {
  const meanMs = turns * rttMs + 0.6
  return { name, count, meanMs, p50: meanMs * 0.99, p99: meanMs * 1.08, turns }
}

/** A snapshot of a run of the demonstration plan, `share` of the way through. */
export function fixtureSnapshot(runId: string, share: number, changes: Partial<Snapshot> = {}): Snapshot {
  const blocks = ROUNDS * BEHAVIOURS.length
  const block = Math.min(blocks - 1, Math.floor(share * blocks))
  const round = Math.floor(block / BEHAVIOURS.length)
  const place = block % BEHAVIOURS.length
  const now = round % 2 === 0 ? place : BEHAVIOURS.length - 1 - place
  const wobble = 1 + 0.04 * Math.sin(share * 400)
  return {
    runId,
    name: '587 against the API',
    state: 'running',
    elapsedMs: share * 60_000,
    progress: share,
    secondsLeft: Math.round((1 - share) * 60),
    round: round + 1,
    rounds: ROUNDS,
    transport: BEHAVIOURS[now]?.name ?? null,
    stage: 'measuring',
    transports: BEHAVIOURS.map(({ name, phases, serverMs, clientMs }, index) => {
      const turns = phases.reduce((sum, [, count]) => sum + count, 0)
      const p50 = (turns * 40 + serverMs + clientMs) * wobble
      const accepted = Math.round(share * ROUNDS * PER_ROUND)
      return {
        name,
        counts: { sent: accepted, accepted, rejected: 0, failed: 0, aborted: 0 },
        round: null,
        rows: [],
        ratePerSecond: index === now ? 10_000 / p50 : null,
        p50: index === now ? p50 : null,
        p99: index === now ? p50 * 1.09 : null,
        openConnections: index === now ? 10 : 0
      }
    }),
    errors: [],
    ...changes
  }
}

/** What a probe of a mail server with four ports and an API could find. */
export function fixtureProbe(host: string): ProbeRecord {
  const quiet = {
    host,
    rttMs: null,
    banner: null,
    capabilities: [],
    capabilitiesAfterTls: [],
    starttls: false,
    auth: [],
    tls: null,
    alpn: null,
    turns: null,
    warnings: [],
    transcript: []
  }
  const tls = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    verified: true,
    problem: null,
    subject: `CN=${host}`,
    issuer: 'CN=Example CA',
    expires: '2027-03-01'
  }
  const capabilities = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'STARTTLS']
  return {
    schema: 1,
    host,
    ports: [
      {
        ...quiet,
        port: 25,
        state: 'filtered',
        warnings: ['Many networks block port 25 for their customers.']
      },
      {
        ...quiet,
        port: 465,
        state: 'tls-smtp',
        rttMs: 18.4,
        banner: `220 ${host} ESMTP`,
        capabilities,
        auth: ['PLAIN', 'LOGIN'],
        tls,
        turns: { cold: 7, warm: 2 },
        transcript: [`S: 220 ${host} ESMTP`, 'C: EHLO localhost', 'S: 250 PIPELINING', 'C: QUIT']
      },
      {
        ...quiet,
        port: 587,
        state: 'smtp',
        rttMs: 18.2,
        banner: `220 ${host} ESMTP`,
        capabilities,
        capabilitiesAfterTls: [...capabilities, 'AUTH PLAIN LOGIN'],
        starttls: true,
        auth: ['PLAIN', 'LOGIN'],
        tls: { ...tls, verified: false, problem: 'self-signed certificate' },
        turns: { cold: 9, warm: 2 },
        warnings: ['The certificate cannot be verified: self-signed certificate.'],
        transcript: [`S: 220 ${host} ESMTP`, 'C: EHLO localhost', 'C: STARTTLS', 'S: 220 go ahead', 'C: QUIT']
      },
      { ...quiet, port: 2525, state: 'refused' },
      { ...quiet, port: 443, state: 'http', rttMs: 18.3, tls, alpn: 'http/1.1', turns: { cold: 3, warm: 1 } }
    ],
    recommendation: {
      port: 465,
      security: 'tls',
      reason: `Use port 465 of ${host} with implicit TLS: 7 turns on a new connection, two fewer than 587, and its certificate is verified.`
    }
  }
}

/** One explained message on a kept SMTP connection and one over the API. */
export function fixtureExplain(): ExplainRecord {
  const event = (
    kind: ExplainEvent['kind'],
    atMs: number,
    text: string,
    turn: number | null = null
  ): ExplainEvent => ({ kind, atMs, phase: null, text, turn, waitedMs: turn === null ? null : 40.2 })
  return {
    schema: 1,
    transports: [
      {
        name: 'smtp-587-kept-pipelined',
        connection: 'warm',
        outcome: 'accepted',
        code: '250',
        turns: 2,
        ...{
          totalMs: 82.1,
          rttMs: 40,
          lookupMs: 0,
          chatterMs: 80,
          transferMs: 0,
          serverMs: 0.4,
          clientMs: 1.7
        },
        ...{ transferSource: 'emulated', congestionControl: 'cubic' },
        events: [
          event('sent', 0.1, 'MAIL FROM:<bench@example.com>\nRCPT TO:<sink@example.com>\nDATA'),
          event('turn', 40.3, '', 1),
          event('heard', 40.4, '250 2.1.0 ok\n250 2.1.5 ok\n354 go ahead'),
          event('sent', 40.6, '(the content, 2,391 bytes)'),
          event('turn', 81.9, '', 2),
          event('heard', 82, '250 2.0.0 queued')
        ]
      },
      {
        name: 'api-kept',
        connection: 'warm',
        outcome: 'accepted',
        code: '200',
        turns: 1,
        ...{
          totalMs: 42.6,
          rttMs: 40,
          lookupMs: 0,
          chatterMs: 40,
          transferMs: 0,
          serverMs: 0.2,
          clientMs: 2.4
        },
        ...{ transferSource: 'emulated', congestionControl: 'cubic' },
        events: [
          event('sent', 0.1, 'POST /v3/example.com/messages HTTP/1.1\nAuthorization: ***'),
          event('turn', 42.1, '', 1),
          event('heard', 42.3, 'HTTP/1.1 200 OK')
        ]
      }
    ]
  }
}
