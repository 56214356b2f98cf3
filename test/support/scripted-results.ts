import type { TransportRecord } from '../../shared/record/run-record.ts'
import { allFailed, scripted } from './scripted-transport.ts'

/** A result of a run, and why its sentence is the right one. */
export interface ScriptedResult {
  title: string
  reason: string
  transports: TransportRecord[]
  state?: 'finished' | 'stopped' | 'crashed'
}

const http = { protocol: 'http' } as const
const api = (changes: Partial<Parameters<typeof scripted>[1]> = {}, record: Partial<TransportRecord> = {}) =>
  scripted('api', { ...http, turns: 1, rttMs: 40, restMs: 3, ...changes }, record)
const smtp = (changes: Partial<Parameters<typeof scripted>[1]> = {}, record: Partial<TransportRecord> = {}) =>
  scripted('smtp', { turns: 11, rttMs: 40, restMs: 15, ...changes }, record)

/** An open load that asked for 200 a second of a peer that takes fewer. */
const overloaded = { offeredRate: 200, dueRate: 200, noSlotShare: 0.9, backlogAtEnd: 800, throughput: 120 }
const kept = { offeredRate: 200, dueRate: 200, noSlotShare: 0, backlogAtEnd: 0, throughput: 200 }

export const SCRIPTED_RESULTS: ScriptedResult[] = [
  {
    title: 'a clear difference at one distance',
    reason:
      'Eleven turns against one at 40 ms: the ratio, its interval, and what it is made of are all known.',
    transports: [smtp(), api()]
  },
  {
    title: 'near SMTP against a far API',
    reason:
      'At any common distance four turns and 12 ms lose to one turn and 3 ms: SMTP is ahead only because it is near.',
    transports: [smtp({ turns: 4, rttMs: 0.06, restMs: 12 }), api({ rttMs: 80 })]
  },
  {
    title: 'near SMTP with a fast server against a far API with a slow one',
    reason: 'The lines cross at (20 - 5) / (4 - 1) = 5 ms: more turns can only win below it.',
    transports: [smtp({ turns: 4, rttMs: 0.06, restMs: 5 }), api({ rttMs: 80, restMs: 20 })]
  },
  {
    title: 'more turns, and ahead here',
    reason:
      'Four turns at 2 ms and 5 ms beat one turn and 40 ms up to (40 - 5) / 3 = 11.7 ms, and never above.',
    transports: [smtp({ turns: 4, rttMs: 2, restMs: 5 }), api({ rttMs: 2, restMs: 40 })]
  },
  {
    title: 'fewer turns, and ahead here, with a slow server',
    reason: 'One turn and 23 ms against four and 5 ms cross at 6 ms: below that SMTP would win.',
    transports: [smtp({ turns: 4, restMs: 5 }), api({ restMs: 23 })]
  },
  {
    title: 'the same turns, one server faster',
    reason: 'Parallel lines never cross: the faster server is ahead wherever both are equally far.',
    transports: [smtp({ turns: 1, restMs: 20 }), api()]
  },
  {
    title: 'a tie',
    reason: 'The interval lies within a few percent of 1, so that no difference of any size was missed.',
    transports: [smtp({ turns: 1, restMs: 3 }), api()]
  },
  {
    title: 'a difference that reads as 1.00',
    reason: 'A third of a percent, however sure, is no difference to anybody.',
    transports: [smtp({ turns: 1, restMs: 3.12, levels: [1], scatter: 0 }), api({ levels: [1], scatter: 0 })]
  },
  {
    title: 'an interval that reaches from far below 1 to far above',
    reason: 'Rounds differ fivefold: nothing was seen, but nothing can be excluded either.',
    transports: [smtp({ turns: 1, restMs: 5, levels: [0.3, 1.5, 0.5, 3, 0.4, 2.2] }), api()]
  },
  {
    title: 'one round',
    reason: 'One round does not show how much rounds vary, whatever the ratio.',
    transports: [smtp({ rounds: 1 }), api({ rounds: 1 })]
  },
  {
    title: 'two rounds, a huge difference',
    reason: 'Two rounds may agree by luck, whatever the ratio: no interval is claimed.',
    transports: [smtp({ rounds: 2 }), api({ rounds: 2 })]
  },
  {
    title: 'two rounds, a difference of a third',
    reason: 'Two rounds do not show how much rounds vary: no interval, and no “no difference”.',
    transports: [
      smtp({ turns: 1, restMs: 17, rounds: 2, levels: [1, 1.08] }),
      api({ rounds: 2, levels: [1.02, 0.97] })
    ]
  },
  {
    title: 'one message each',
    reason: 'Two figures are no statistics.',
    transports: [smtp({ rounds: 2, perRound: 1 }), api({ rounds: 2, perRound: 1 })]
  },
  {
    title: 'one transport',
    reason: 'There is nothing to compare with, but what it takes and why is known.',
    transports: [smtp()]
  },
  {
    title: 'one transport that waits for its slots',
    reason: 'Round trips are 3 % of the mean response, not 94 %: most of it is waiting for a slot.',
    transports: [scripted('smtp', { turns: 2, rttMs: 40, restMs: 5, queueMs: 2300 })]
  },
  {
    title: 'everything failed',
    reason: 'Why it failed is all that is known.',
    transports: [allFailed('smtp'), allFailed('api', http)]
  },
  {
    title: 'one failed altogether',
    reason: 'The other is described alone: a transport that sends nothing is not slower.',
    transports: [smtp(), allFailed('api', http)]
  },
  {
    title: 'a fast one that refuses 96 %',
    reason: 'A refusal is quick. One that takes 4 of 100 messages has not won.',
    transports: [smtp(), api({ rejected: 0.96 })]
  },
  {
    title: 'a fast one that refuses 10 %',
    reason: 'It is faster for what it accepts, and the refusals qualify that.',
    transports: [smtp(), api({ rejected: 0.1 })]
  },
  {
    title: 'a slow one that refuses 10 %',
    reason: 'The refusals are told, and do not qualify the faster one.',
    transports: [smtp({ rejected: 0.1 }), api()]
  },
  {
    title: 'a low median with a tail of 2 s',
    reason: 'The median is ahead; p95 and throughput say the opposite, and all three are told.',
    transports: [
      smtp({ turns: 1, rttMs: 10, restMs: 16 }),
      api({ rttMs: 10, restMs: 10, tail: { share: 0.12, ms: 2000 } })
    ]
  },
  {
    title: 'a lower median with fewer lanes',
    reason:
      'Messages a second are counted over all lanes: one connection at a time sends less, if each faster.',
    transports: [
      smtp({ turns: 4, rttMs: 10, restMs: 5 }),
      api(
        { rttMs: 10 },
        {
          throughput: 76,
          durationSeconds: 1200 / 76,
          rounds: api({ rttMs: 10 }).rounds.map((round) => ({
            ...round,
            ...{ durationSeconds: 200 / 76, throughput: 76 }
          }))
        }
      )
    ]
  },
  {
    title: 'an open load beyond one peer’s capacity',
    reason:
      'A queue that grows all the time has no median: the rate reached is the finding. The other stands alone.',
    transports: [smtp({ queueMs: 2100 }, overloaded), api({}, kept)]
  },
  {
    title: 'an open load beyond both peers’ capacity',
    reason: 'No ratio of medians, which would only tell how long the load went on.',
    transports: [
      smtp({ queueMs: 2100 }, overloaded),
      api({ queueMs: 900 }, { ...overloaded, throughput: 170, backlogAtEnd: 300 })
    ]
  },
  {
    title: 'an open load that is kept, one of them waiting for slots now and then',
    reason: 'A queue that comes and goes is part of the response and is named; it is no overload.',
    transports: [smtp({ queueMs: 30 }, { ...kept, noSlotShare: 0.2, backlogAtEnd: 2 }), api({}, kept)]
  },
  {
    title: 'four transports, two of them level',
    reason: 'The gap is told of the slowest and the next; the twin of the fastest is not ranked.',
    transports: [
      scripted('smtp-cold', { turns: 11, rttMs: 40, restMs: 15 }),
      scripted('smtp-kept', { turns: 4, rttMs: 40, restMs: 10 }),
      scripted('api-http2', { ...http, turns: 1, rttMs: 40, restMs: 3 }),
      api()
    ]
  },
  {
    title: 'nine equal transports of which two look apart',
    reason:
      'Among 36 pairs some are apart by chance, their own intervals exclude 1: after Holm nothing is claimed.',
    transports: Array.from({ length: 9 }, (_, index) =>
      scripted(`api-${index + 1}`, {
        ...http,
        ...{ turns: 1, rttMs: 10, restMs: 10 },
        levels: Array.from(
          { length: 6 },
          (_each, round) => 1 + 0.008 * Math.sin(12.9 * index * index + 7.3 * round * (index + 1))
        )
      })
    )
  },
  {
    title: 'this machine was the limit',
    reason: 'The figures stand, with the warning that they are this machine’s.',
    transports: [smtp({}, { generatorLimited: true, limitReason: 'starved' }), api()]
  },
  {
    title: 'connects answered at once, replies after 20 ms',
    reason:
      'A proxy may have answered the connects: the share of round trips is a lower bound, and its upper one is told.',
    transports: [
      smtp(
        { turns: 4, rttMs: 0.14, restMs: 90 },
        { rtt: { leastMs: 0.12, medianMs: 0.14, leastTurnMs: 20, samples: 30, source: 'connect' } }
      )
    ]
  },
  {
    title: 'stopped before its end',
    reason: 'What was measured until then counts, and that it was cut short stands first.',
    transports: [smtp({ rounds: 3 }), api({ rounds: 3 })],
    state: 'stopped'
  },
  {
    title: 'broken off before anything was sent',
    reason: 'Nothing was sent, so nothing is said.',
    transports: [],
    state: 'crashed'
  }
]
