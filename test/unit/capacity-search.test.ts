import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { capacityTransportSchema, type CapacityTransport } from '../../shared/record/capacity-record.ts'
import { mergeRepeats } from '../../shared/insight/capacity-conclude.ts'
import { estimateSearch, searchIdeal } from '../../shared/insight/capacity-estimate.ts'
import { DEFAULT_SEARCH, type SearchMove, type SearchOptions } from '../../shared/insight/capacity-move.ts'
import { capacitySentence } from '../../shared/insight/capacity-sentence.ts'
import { knee } from '../../shared/insight/knee.ts'
import { parseObjective, type Objective } from '../../shared/insight/objective.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import { KNOWN_PEERS, type ModelPeer } from '../support/model-peers.ts'
import { simulateSearch, type Simulation } from '../support/simulated-search.ts'

const OPTIONS: SearchOptions = { ...DEFAULT_SEARCH, startRate: 20, holdSeconds: 4 }

function objective(text: string): Objective {
  const parsed = parseObjective(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value
}

function simulate(peer: ModelPeer, changes: Partial<Simulation> = {}): CapacityTransport {
  const objectives = [objective('response.p99 < 500')]
  return simulateSearch({ peer, objectives, options: OPTIONS, arrivals: 'constant', seed: 1, ...changes })
}

/** Keeps any rate, in a time that scatters as much as its p99 of 127 ms needs. */
function unlimited(seed: number): ModelPeer {
  const random = seededRandom(seed)
  return (atSeconds) => ({
    doneSeconds: atSeconds + (-Math.log(1 - random()) * 0.127) / Math.log(100),
    throttled: false,
    retryAfterSeconds: 0
  })
}

describe('the limits of eight kinds of peer, while this machine stands still now and then', () => {
  it.each(KNOWN_PEERS)(
    '$title',
    { timeout: 30_000 },
    ({ create, arrivals, objective: text, truth, limiter, burst }) => {
      const found = simulate(create(1), { arrivals, objectives: [objective(text)], stalls: 0.2 })
      expect(capacityTransportSchema.parse(found)).toEqual(found)
      expect(Math.abs(found.rate / truth - 1)).toBeLessThan(0.05)
      expect(found).toMatchObject({ limiter, unfinished: null, sustained: { seconds: 60 } })
      if (burst === null) expect(found.burst).toBeNull()
      else if ('rate' in burst) expect((found.burst?.rate ?? 0) / burst.rate).toBeCloseTo(1, 1)
      else {
        expect(found.burst?.messages).toBeGreaterThan(burst.messages / 2)
        expect(found.burst?.messages).toBeLessThan(burst.messages * 1.2)
      }
    }
  )
})

test('one unlucky step does not end a search: a p99 of 127 ms against an objective of 140', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const options = { ...OPTIONS, ceilingRate: 160, confirmSeconds: 10 }
    const found = simulate(unlimited(seed), { seed, options, objectives: [objective('response.p99 < 140')] })
    expect(found).toMatchObject({ rate: 160, limitedBy: 'ceiling' })
  }
})

test('a failure counts when it was seen twice, with a recovery in between', () => {
  const moves: SearchMove[] = []
  const found = simulate(KNOWN_PEERS[0]!.create(1), { onMove: (move) => moves.push(move) })
  moves.forEach((move, index) => {
    if (move.kind === 'recover') expect(moves[index + 1]?.kind).toBe('step')
  })
  for (const { failed, kept } of found.tries) if (failed > 0) expect(failed >= 2 || kept >= 2).toBe(true)
  expect(found.tries.find(({ rate }) => rate === found.bracket.failed)?.failed).toBeGreaterThanOrEqual(2)
})

test('a step that this machine spoiled is repeated, and no failure of the peer', { timeout: 30_000 }, () => {
  const found = simulate(KNOWN_PEERS[0]!.create(1), { stalls: 1, seed: 3 })
  const spoiled = found.steps.filter((step) => step.spoiled !== null)
  expect(spoiled.length).toBeGreaterThan(0)
  expect(Math.abs(found.rate / 200 - 1)).toBeLessThan(0.05)
})

test('a queue that grows ends a step at once', () => {
  const found = simulate(KNOWN_PEERS[0]!.create(1))
  const steep = found.steps.filter(({ rate }) => rate === 320)
  expect(steep).toHaveLength(2)
  for (const step of steep) expect(step).toMatchObject({ limit: 'queue', seconds: 4 })
})

test('a peer that stays slow after an overload is waited for, and the time it takes is told', () => {
  const found = simulate(KNOWN_PEERS[7]!.create(1))
  expect(Math.max(...found.recoveries.map(({ seconds }) => seconds))).toBeGreaterThan(3)
  expect(found.recoveries.every(({ recovered }) => recovered)).toBe(true)
  expect(capacitySentence(found)).toContain('to recover')
})

test('a wait that the peer names is kept, and one that is too long ends the search', () => {
  const waits: SearchMove[] = []
  const onMove = (move: SearchMove): void => void (move.kind === 'wait' && waits.push(move))
  simulate(KNOWN_PEERS[2]!.create(1), { onMove })
  expect(waits[0]).toMatchObject({ waitSeconds: 1 })
  const patient: ModelPeer = (at) => ({ doneSeconds: at, throttled: true, retryAfterSeconds: 600 })
  const found = simulate(patient)
  expect(found.unfinished).toContain('600 s')
  expect(found.steps).toHaveLength(1)
})

test('budgets bound a search; what is unfinished says so and prints its bracket', () => {
  const byTime = simulate(KNOWN_PEERS[0]!.create(1), { options: { ...OPTIONS, budgetSeconds: 40 } })
  expect(byTime.seconds).toBeLessThan(50)
  expect(byTime.unfinished).toContain('time')
  const byMessages = searchIdeal({ ...OPTIONS, budgetMessages: 1000 }, 5000)
  expect(byMessages.messages).toBeLessThanOrEqual(1000)
  expect(byMessages.bracket).toEqual({ kept: 80, failed: null })
  expect(capacitySentence(byMessages)).toMatch(/unfinished: the messages/)
})

/** Answers in 5 ms until 100 messages reached it within a second, and in 600 ms for good from then on. */
function neverTheSame(): ModelPeer {
  const recent: number[] = []
  let isSlow = false
  return (atSeconds) => {
    recent.push(atSeconds)
    while ((recent[0] ?? 0) < atSeconds - 1) recent.shift()
    isSlow ||= recent.length > 100
    return { doneSeconds: atSeconds + (isSlow ? 0.6 : 0.005), throttled: false, retryAfterSeconds: 0 }
  }
}

test.each([
  { what: 'time', budget: { budgetSeconds: 40 }, says: /the time that it may take/, seconds: 41 },
  { what: 'messages', budget: { budgetMessages: 1700 }, says: /the messages that it may send/, seconds: 65 }
])('a trickle that waits for a peer in vain is cut by the budget of $what', ({ budget, says, seconds }) => {
  const found = simulate(neverTheSame(), { options: { ...OPTIONS, ...budget } })
  expect(found.recoveries).toHaveLength(1)
  expect(found.recoveries[0]?.recovered).toBe(false)
  expect(found.recoveries[0]?.seconds).toBeLessThanOrEqual(40)
  expect(found.seconds).toBeLessThan(seconds)
  expect(found.messages).toBeLessThanOrEqual(1700)
  expect(found.unfinished).toMatch(says)
})

test('a wait that the peer names is not begun when the budget has no time for it', () => {
  const patient: ModelPeer = (at) => ({ doneSeconds: at, throttled: true, retryAfterSeconds: 30 })
  const found = simulate(patient, { options: { ...OPTIONS, budgetSeconds: 20 } })
  expect(found.seconds).toBeLessThan(20)
  expect(found.unfinished).toContain('time')
})

test('a sharp limit is found to its precision wherever it lies, and the estimate says what it takes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 90_000, noNaN: true }), (limit) => {
      const found = searchIdeal(OPTIONS, limit)
      expect(found.rate).toBeLessThanOrEqual(limit)
      expect(found.rate).toBeGreaterThanOrEqual(limit * (1 - OPTIONS.precision) - 1e-9)
      expect(estimateSearch(OPTIONS, limit)).toMatchObject({
        messages: found.messages,
        seconds: found.seconds
      })
    }),
    { numRuns: 50 }
  )
})

test('a peer without a limit is climbed to the ceiling, one that keeps nothing has the rate 0', () => {
  const options = { ...OPTIONS, ceilingRate: 300 }
  expect(searchIdeal(options, Infinity)).toMatchObject({
    rate: 300,
    limitedBy: 'ceiling',
    limiter: 'ceiling'
  })
  expect(searchIdeal(OPTIONS, 0)).toMatchObject({ rate: 0, secondsForAMillion: null, sustained: null })
})

test('searched twice, a transport has an interval, and what it keeps is the mean', () => {
  const merged = mergeRepeats([searchIdeal(OPTIONS, 100), searchIdeal(OPTIONS, 120)])
  expect(merged.interval?.low).toBeLessThan(101)
  expect(merged.interval?.high).toBeGreaterThan(117)
  expect(merged.rate).toBeCloseTo(((merged.interval?.low ?? 0) + (merged.interval?.high ?? 0)) / 2, 9)
  expect(capacitySentence(merged)).toContain('when searched again')
})

test('searched twice, the lowest rate that failed is that of either search', () => {
  const merged = mergeRepeats([searchIdeal(OPTIONS, 100), searchIdeal(OPTIONS, 140)])
  expect(merged.bracket.kept).toBe(99)
  expect(merged.bracket.failed).toBeCloseTo(101, 1)
  expect(merged.bracket.failed).toBe(
    Math.min(...merged.steps.flatMap(({ pass, rate }) => (pass ? [] : [rate])))
  )
})

test('the hold stands in the sentence, and a short one is not stretched to a million', () => {
  const long = capacitySentence(searchIdeal(OPTIONS, 100))
  expect(long).toMatch(/held for 60.s/)
  expect(long).toContain('a million messages')
  const short = capacitySentence(searchIdeal({ ...OPTIONS, confirmSeconds: 0 }, 100))
  expect(short).toMatch(/held for 4.s/)
  expect(short).not.toContain('million')
})

test.each([
  {
    why: 'a curve that is flat and then steep has its knee at the end of the flat part',
    curve: [5, 5, 6, 7, 60, 200],
    knee: 40
  },
  { why: 'a straight line has none', curve: [10, 20, 30, 40, 50, 60], knee: null },
  { why: 'the scatter of a flat server has none', curve: [10, 10, 9, 11, 10, 19], knee: null },
  { why: 'three steps are too few', curve: [5, 5, 200], knee: null },
  { why: 'a falling curve has none', curve: [9, 8, 7, 6], knee: null }
])('$why', ({ curve, knee: expected }) => {
  expect(knee(curve.map((p99, index) => ({ rate: (index + 1) * 10, p99 })))).toBe(expected)
})

test('a rate that was kept once and failed twice is a burst: the peer slows down', () => {
  const found = simulate(KNOWN_PEERS[0]!.create(1), {
    onMove: (move, answer) => {
      if (answer.kind === 'step' && move.kind === 'step' && move.rate === 320 && move.attempt === 2) {
        Object.assign(answer.step, { pass: true, seconds: 4, limit: null, failedObjective: null })
      }
    }
  })
  expect(found.tries.find(({ rate }) => rate === 320)).toMatchObject({ kept: 1, failed: 2 })
  expect(found).toMatchObject({ limiter: 'slowing', burst: { rate: 320, seconds: 4, messages: null } })
})
