import { offeredSends, ratePieces, type PacedLoad, type RatePiece } from '../../shared/plan/rate-pieces.ts'
import { seededRandom } from '../../shared/insight/random.ts'

/** Counts that differ by less than this are the same: a send at the border of two pieces belongs to the second alone. */
const ROUNDING = 1e-6

/**
 * The schedule of one round of an open load: the warm-up holds the rate that the load begins with. Constant
 * arrivals carry on where the round before ended, so that all rounds together offer what the load says.
 * @param round from 1
 */
export function roundSchedule(
  load: PacedLoad,
  round: number,
  { rounds, seed, warmupSeconds }: { rounds: number; seed: number; warmupSeconds: number }
): Schedule {
  const measured = ratePieces(load, rounds)
  const firstRate = measured[0]?.fromRate ?? 0
  const warmup = warmupSeconds > 0 ? [{ fromRate: firstRate, toRate: firstRate, seconds: warmupSeconds }] : []
  const ahead = offeredSends(warmup) - offeredSends(measured) * (round - 1)
  return {
    warmup,
    measured,
    arrivals: load.arrivals,
    seed: seed + round,
    firstCount: Math.max(0, ahead - Math.floor(ahead + ROUNDING))
  }
}

/**
 * Seconds after the start of a rate profile at which its cumulative count reaches `count`; Infinity when it never
 * does. The inverse of the integral of the rate: within a piece, the root of a quadratic.
 */
export function timeOfCount(pieces: readonly RatePiece[], count: number): number {
  let before = 0
  let start = 0
  for (const { fromRate, toRate, seconds } of pieces) {
    const after = before + ((fromRate + toRate) / 2) * seconds
    if (count < after - ROUNDING) {
      const left = count - before
      if (left <= Number.EPSILON) return start
      const slope = (toRate - fromRate) / seconds
      const root = Math.sqrt(fromRate * fromRate + 2 * slope * left)
      return start + (2 * left) / (fromRate + root)
    }
    before = after
    start += seconds
  }
  return Infinity
}

/** When the sends of a block are due: what all its threads compute alike. */
export interface Schedule {
  /** The rate thrown away first, then the rate that is measured. */
  warmup: readonly RatePiece[]
  measured: readonly RatePiece[]
  arrivals: 'constant' | 'poisson'
  seed: number
  /** Cumulative count at which the first send is due, 0 to 1: what the rounds before have left over. Constant arrivals only. */
  firstCount: number
}

/** Which sends of a schedule are meant: number `part`, and every `parts`-th after it. */
export interface SchedulePart {
  part: number
  parts: number
}

/** Hands out due times, ascending. The same arguments give the same times, on every thread and machine. */
export interface Pacer {
  /** Due time of the next send, seconds after the start; Infinity when no more are due. */
  next(): number
}

/**
 * Due times of a rate profile.
 * Constant arrivals: the n-th send (from 0) is due when the profile's cumulative count reaches `firstCount` + n.
 * Poisson arrivals: unit-rate exponential gaps from the seed, stretched by the same inverse, so that ramps keep their shape.
 */
export function createPacer(
  { warmup, measured, arrivals, seed, firstCount }: Schedule,
  { part, parts }: SchedulePart = { part: 0, parts: 1 }
): Pacer {
  const pieces = [...warmup, ...measured]
  const uniform = seededRandom(seed)
  const gap = arrivals === 'constant' ? () => 1 : () => -Math.log(1 - uniform())
  let count = arrivals === 'constant' ? firstCount : gap()
  const skip = (sends: number): void => {
    for (let send = 0; send < sends; send++) count += gap()
  }
  skip(part)
  return {
    next() {
      const dueSeconds = timeOfCount(pieces, count)
      skip(parts)
      return dueSeconds
    }
  }
}
