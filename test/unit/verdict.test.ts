import { expect, test } from 'vitest'
import { compareAll } from '../../shared/insight/comparison.ts'
import type { RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import { exampleRun } from '../support/example-run.ts'
import { transportRecord } from '../support/records.ts'

const base = exampleRun(40)
const [cold, kept, api] = base.transports as [TransportRecord, TransportRecord, TransportRecord]
/** The verdict with plain spaces before units, for reading. */
const say = (transports: TransportRecord[], changes: Partial<RunRecord> = {}): string =>
  verdict({ ...base, transports, comparison: compareAll(transports), ...changes }).replaceAll('\u202f', ' ')

const nothing = (transport: TransportRecord): TransportRecord => ({
  ...transport,
  counts: { sent: 600, accepted: 0, rejected: 0, failed: 600, aborted: 0 },
  response: { min: null, mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null },
  rounds: [],
  errors: [{ class: 'failed', code: 'ECONNREFUSED', phase: 'tcp', count: 600, sample: 'connect' }]
})

const smtp = { protocol: 'smtp' } as const
const http = { protocol: 'http' } as const
/** Six rounds of so many equal times, each round's ms as given: what rounds differ by decides how wide intervals are. */
const rounds = (perRound: number, ...ms: number[]): number[][] =>
  ms.map((each) => Array.from({ length: perRound }, () => each * 1000))
const steady = (name: string, ms: number, changes: Partial<TransportRecord>): TransportRecord =>
  transportRecord(name, rounds(100, ms, ms * 1.01, ms, ms * 1.01, ms, ms * 1.01), changes)
const erratic = rounds(100, 6, 15, 7, 14, 8, 13)

test.each<[why: string, said: string, parts: (string | RegExp)[], not?: RegExp]>([
  [
    'faster, by how much, how much is chatter, and what the others do',
    say([cold, kept, api]),
    [
      /^api takes 43\.2 ms a message, smtp-cold 455 ms: 10\.5 times as long \(95 % interval 10\.5 to 10\.[56]\)/,
      'of that 97 % is round trips',
      'With smtp-kept the gap is 3.94 times.'
    ]
  ],
  [
    'what would narrow the gap of the nearest rival',
    say([cold, kept, api]),
    ['For smtp-kept, PIPELINING would save 2 of its turns (80 ms).']
  ],
  [
    'what would help a cold transport most',
    say([cold, api]),
    [
      'For smtp-cold, keeping the connection would save 7 of its turns (280 ms) and implicit TLS (port 465) 2 (80 ms).'
    ]
  ],
  ['that one is ahead at every distance', say([cold, api]), ['api is ahead of smtp-cold at every distance.']],
  [
    'from which distance on the answer changes',
    say([
      { ...kept, service: { ...kept.service, p50: 165 } },
      { ...api, turns: { perMessage: 1, cold: 1, warm: 1 }, service: { ...api.service, p50: 63 } }
    ]),
    ['Below 6 ms of RTT smtp-kept would be the faster.']
  ],
  [
    'one transport alone',
    say([cold]),
    [/^smtp-cold takes 455 ms a message, of which 97 % is round trips\./],
    /times as long/
  ],
  [
    'no difference',
    say([cold, { ...cold, name: 'twin' }]),
    [
      /^No difference seen between smtp-cold \(455 ms\) and twin \(455 ms\) a message at the median, 95 % interval of their ratio .*\.$/
    ],
    /times as long/
  ],
  [
    'that one which is erratic cannot be told from the fastest, though others differ',
    say([
      steady('api', 10, http),
      steady('smtp-kept', 12, smtp),
      transportRecord('smtp-erratic', rounds(100, 3, 50, 20, 4, 30, 40), smtp)
    ]),
    [/^api takes 10.0 ms a message, smtp-kept 12.0 ms/, 'With smtp-erratic one cannot tell.']
  ],
  [
    'that the erratic fastest cannot be told from any other',
    say([transportRecord('smtp', erratic, smtp), steady('api', 11, http), steady('api-2', 12, http)]),
    [/^Cannot tell smtp \(.*\) from api \(11.* ms\) or api-2 \(12.* ms\) at the median\.$/],
    /times as long/
  ],
  [
    'nothing of distance for one that is level',
    say([steady('smtp', 10, smtp), steady('api', 10.01, http), steady('smtp-cold', 40, smtp)]),
    ['With api no difference is seen.', 'smtp is ahead of smtp-cold at every distance.'],
    /ahead of api/
  ],
  [
    'nothing of distance where only waiting for a slot put one behind',
    say([
      steady('smtp', 10, { ...smtp, service: { ...cold.service, p50: 9 } }),
      steady('api', 20, { ...http, service: { ...cold.service, p50: 5 } })
    ]),
    [/^smtp takes 10.0 ms a message, api 20.0/],
    /distance|RTT/
  ],
  [
    'too few messages',
    say([
      transportRecord('smtp', rounds(2, 10, 10, 10, 10, 10, 10), smtp),
      transportRecord('api', rounds(2, 20, 20, 20, 20, 20, 20), http)
    ]),
    ['Too few messages to tell smtp (10.0 ms) from api (20.0 ms).'],
    /no difference|times as long/i
  ],
  [
    'the same protocol only',
    say([cold, kept]),
    [/^smtp-kept takes 170 ms a message, smtp-cold 455 ms: 2\.67 times as long/]
  ],
  [
    'that all failed, and why',
    say([nothing(cold), nothing(api)]),
    [
      'smtp-cold did not accept 600 of 600 messages, mostly failed with ECONNREFUSED in tcp.',
      'No message was accepted'
    ],
    /takes/
  ],
  [
    'errors first when they dominate',
    say([cold, nothing(api)]),
    [/^api did not accept 600 of 600 messages, mostly failed.*smtp-cold takes 455 ms/]
  ],
  [
    'errors last when they are few',
    say([
      cold,
      {
        ...api,
        counts: { sent: 620, accepted: 600, rejected: 20, failed: 0, aborted: 0 },
        throttled: 20,
        errors: [{ class: 'rejected', code: '429', phase: 'wait', count: 20, sample: '' }]
      }
    ]),
    [
      /^api takes.*api did not accept 20 of 620 messages, mostly rejected with 429 in wait \(20 times it asked to slow down\)\.$/
    ]
  ],
  ['a stopped run', say([cold, api], { state: 'stopped' }), [/^Stopped before its end.*api takes/]],
  ['a crashed run', say([cold, api], { state: 'crashed' }), [/^The run broke off.*api takes/]],
  ['a run that never sent', say([], { state: 'stopped' }), ['Nothing was sent.']],
  [
    'too few rounds',
    say([cold, api], { comparison: [] }),
    ['Too few rounds to tell api (43.2 ms) from smtp-cold (455 ms)'],
    /times as long|no difference|faster/
  ],
  [
    'that this machine was the limit',
    say([cold, { ...api, generatorLimited: true, limitReason: 'event loop busy' }]),
    ['This machine, not the peer, was the limit for api: judge its figures with care.']
  ]
])('the verdict tells %s', (_why, said, parts, not) => {
  for (const part of parts)
    expect(said).toMatch(typeof part === 'string' ? new RegExp(part.replace(/[.()]/g, '\\$&')) : part)
  if (not !== undefined) expect(said).not.toMatch(not)
  expect(said).not.toMatch(/NaN|undefined|null|Infinity/)
})
