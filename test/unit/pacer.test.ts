import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createPacer,
  roundSchedule,
  timeOfCount,
  type Schedule,
  type SchedulePart
} from '../../electron/engine/pacer.ts'
import {
  offeredSends,
  pieceSeconds,
  ratePieces,
  type PacedLoad,
  type RatePiece
} from '../../shared/plan/rate-pieces.ts'
import { exponentialFit } from '../support/exponential-fit.ts'

const steady = (rate: number, seconds: number): RatePiece => ({ fromRate: rate, toRate: rate, seconds })

function schedule(measured: RatePiece[], changes: Partial<Schedule> = {}): Schedule {
  return { warmup: [], measured, arrivals: 'constant', seed: 1, firstCount: 0, ...changes }
}

/** Counts nearer to each other than this are one send to the pacer; a little more is left for floating point. */
const SAME_COUNT = 1.01e-6

/** All due times of a schedule, or of one part of it. */
function dueTimes(of: Schedule, part?: SchedulePart): number[] {
  const pacer = createPacer(of, part)
  const times: number[] = []
  for (let due = pacer.next(); due !== Infinity; due = pacer.next()) times.push(due)
  return times
}

describe('due times of constant arrivals', () => {
  const table: { title: string; pieces: RatePiece[]; times: number[] }[] = [
    {
      title: 'a steady rate sends at once, then at equal gaps',
      pieces: [steady(4, 1)],
      times: [0, 0.25, 0.5, 0.75]
    },
    {
      title: 'a second piece goes on from the first',
      pieces: [steady(2, 1), steady(4, 0.5)],
      times: [0, 0.5, 1, 1.25]
    },
    {
      title: 'a pause offers nothing',
      pieces: [steady(2, 1), steady(0, 3), steady(1, 1)],
      times: [0, 0.5, 4]
    },
    {
      title: 'a ramp from nothing begins at its start and gets denser with the root of the count',
      pieces: [{ fromRate: 0, toRate: 8, seconds: 1 }],
      times: [0, 1, 2, 3].map((count) => Math.sqrt(count / 4))
    },
    {
      title: 'a ramp down to nothing gets thinner',
      pieces: [{ fromRate: 8, toRate: 0, seconds: 1 }],
      times: [0, 1, 2, 3].map((count) => 1 - Math.sqrt(1 - count / 4))
    },
    { title: 'no rate at all is never due', pieces: [steady(0, 10)], times: [] }
  ]
  it.each(table)('$title', ({ pieces, times }) => {
    const due = dueTimes(schedule(pieces))
    expect(due).toHaveLength(times.length)
    due.forEach((time, index) => {
      expect(time).toBeCloseTo(times[index] ?? NaN, 9)
    })
  })
})

const piece = fc
  .record({
    fromRate: fc.double({ min: 0, max: 500, noNaN: true }),
    toRate: fc.double({ min: 0, max: 500, noNaN: true }),
    seconds: fc.double({ min: 0.01, max: 3, noNaN: true }),
    flat: fc.boolean()
  })
  .map(({ fromRate, toRate, seconds, flat }): RatePiece => {
    return { fromRate, toRate: flat ? fromRate : toRate, seconds }
  })
const anySchedule = fc.record({
  warmup: fc.array(piece, { maxLength: 1 }),
  measured: fc.array(piece, { minLength: 1, maxLength: 4 }),
  arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
  seed: fc.nat(),
  firstCount: fc.double({ min: 0, max: 0.999, noNaN: true })
})

describe('any schedule', () => {
  it('hands out ascending times within its length', () => {
    fc.assert(
      fc.property(anySchedule, (of) => {
        const times = dueTimes(of)
        const end = pieceSeconds(of.warmup) + pieceSeconds(of.measured)
        times.forEach((time, index) => {
          expect(time).toBeGreaterThanOrEqual(times[index - 1] ?? 0)
          expect(time).toBeLessThanOrEqual(end + 1e-6)
        })
      })
    )
  })

  it('is the same every time, and its parts are the whole, each send once', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 5 }), (of, parts) => {
        const whole = dueTimes(of)
        const split = Array.from({ length: parts }, (_, part) => dueTimes(of, { part, parts }))
        split.forEach((times, part) => {
          expect(times).toEqual(whole.filter((_, index) => index % parts === part))
        })
      })
    )
  })

  it('offers as many constant arrivals as the area below its rate says', () => {
    fc.assert(
      fc.property(anySchedule, (of) => {
        const area = offeredSends([...of.warmup, ...of.measured])
        const count = dueTimes({ ...of, arrivals: 'constant' }).length
        expect(Math.abs(count - (area - of.firstCount))).toBeLessThanOrEqual(1 + 1e-6)
      })
    )
  })

  it('the time of a count is where the area below the rate reaches that count', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (pieces, share) => {
          const offered = offeredSends(pieces)
          const count = offered * share
          fc.pre(count > 0 && offered - count > SAME_COUNT)
          expect(Math.abs(areaUntil(pieces, timeOfCount(pieces, count)) - count)).toBeLessThanOrEqual(
            SAME_COUNT
          )
        }
      )
    )
  })
})

describe('the time of a count', () => {
  const ramp = (toRate: number): RatePiece => ({ fromRate: 0, toRate, seconds: 2 })
  const table: { title: string; pieces: RatePiece[]; count: number; time: number }[] = [
    {
      title: 'pieces of less than a rounding each add up',
      pieces: [steady(0.9e-6, 1), steady(0.9e-6, 1)],
      count: 0.45e-6,
      time: 1
    },
    {
      title: 'a count less than a rounding before a border is at the border, however little comes next',
      pieces: [steady(1, 1), steady(0.9e-6, 1), steady(1, 1)],
      count: 1 - 0.5e-6,
      time: 1
    },
    {
      title: 'a count beyond the least number is at the start',
      pieces: [ramp(1e-3)],
      count: Number.MIN_VALUE,
      time: 0
    }
  ]
  it.each(table)('$title', ({ pieces, count, time }) => {
    expect(timeOfCount(pieces, count)).toBe(time)
  })
})

/** The integral of the rate by definition, piece by piece. */
function areaUntil(pieces: readonly RatePiece[], time: number): number {
  let left = time
  let area = 0
  for (const { fromRate, toRate, seconds } of pieces) {
    const inside = Math.min(Math.max(left, 0), seconds)
    area += fromRate * inside + ((toRate - fromRate) / seconds) * inside * (inside / 2)
    left -= seconds
  }
  return area
}

describe('Poisson arrivals', () => {
  const times = dueTimes(schedule([steady(1000, 10)], { arrivals: 'poisson', seed: 7 }))

  it('hold the rate within what chance allows (three standard deviations)', () => {
    expect(Math.abs(times.length - 10_000)).toBeLessThan(3 * Math.sqrt(10_000))
  })

  it('have exponential gaps (Kolmogorov-Smirnov)', () => {
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(exponentialFit(gaps, 1000)).toMatchObject({ fits: true })
  })

  it('differ with the seed', () => {
    const others = dueTimes(schedule([steady(1000, 10)], { arrivals: 'poisson', seed: 8 }))
    expect(others.slice(0, 5)).not.toEqual(times.slice(0, 5))
  })
})

describe('rounds of an open load', () => {
  const load = (changes: Partial<Extract<PacedLoad, { model: 'open' }>>): PacedLoad => ({
    model: 'open',
    rate: 10,
    durationSeconds: 10,
    arrivals: 'constant',
    maxConcurrency: 10,
    ...changes
  })

  const table: { title: string; load: PacedLoad; rounds: number; warmupSeconds: number; sends: number }[] = [
    {
      title: 'rounds of a fraction of a send',
      load: load({ rate: 2 }),
      rounds: 6,
      warmupSeconds: 0,
      sends: 20
    },
    {
      title: 'rounds with a warm-up that ends between two sends',
      load: load({ rate: 7 }),
      rounds: 3,
      warmupSeconds: 0.5,
      sends: 70
    },
    { title: 'rounds shorter than a gap', load: load({ rate: 0.5 }), rounds: 10, warmupSeconds: 0, sends: 5 },
    { title: 'one round', load: load({}), rounds: 1, warmupSeconds: 1, sends: 100 }
  ]
  it.each(table)('add up to what the load says: $title', ({ load: open, rounds, warmupSeconds, sends }) => {
    const measured = Array.from({ length: rounds }, (_, index) => {
      const of = roundSchedule(open, index + 1, { rounds, seed: 1, warmupSeconds })
      return dueTimes(of).filter((time) => time >= pieceSeconds(of.warmup)).length
    })
    expect(measured.reduce((sum, count) => sum + count, 0)).toBe(sends)
  })

  it('share the time of every stage, so that each round has the whole shape', () => {
    const stages: PacedLoad = {
      model: 'stages',
      maxConcurrency: 10,
      arrivals: 'constant',
      stages: [
        { rate: 50, durationSeconds: 6, ramp: true },
        { rate: 50, durationSeconds: 3, ramp: false }
      ]
    }
    expect(ratePieces(stages, 3)).toEqual([
      { fromRate: 0, toRate: 50, seconds: 2 },
      { fromRate: 50, toRate: 50, seconds: 1 }
    ])
  })
})
