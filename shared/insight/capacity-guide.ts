import type { Bracket } from '../record/capacity-record.ts'
import { figure } from '../text/format.ts'
import type { SeenStep } from './capacity-move.ts'

/** How far below a rate that could not be held the next one lies, where nothing says more. */
const DESCENT = 0.8
/** Seconds over which what a throttling peer takes says what it allows. */
const TELLING_SECONDS = 2

/**
 * Chooses the next rate within a bracket: at what the peer was seen to do, then in growing steps above it, else in the
 * middle. A wrong guess costs a step, never the answer.
 */
export class RateGuide {
  readonly #precision: number
  #lastAim = 0
  #stride = 1
  #strides = 0

  constructor(precision: number) {
    this.#precision = precision
  }

  /** @returns null when the bracket is as narrow as was asked for */
  next({ kept, failed }: Bracket, guess: number | null): { rate: number; reason: string } | null {
    const close = 1 + this.#precision
    if (failed === null || (kept > 0 && failed <= kept * close * (1 + 1e-9))) return null
    const aim = guess === null ? 0 : guess * (1 - this.#precision / 2)
    const isNew = Math.abs(aim - this.#lastAim) > this.#precision * aim
    if (guess !== null && isNew && aim > kept * close && aim < failed / (1 + this.#precision / 2)) {
      this.#lastAim = aim
      this.#stride = 1
      this.#strides = 0
      return { rate: aim, reason: `overloaded, the peer took ${figure(guess)}/s` }
    }
    if (kept === 0) return { rate: failed * DESCENT, reason: `${figure(failed)}/s could not be held` }
    const middle = (kept + failed) / 2
    const above = kept * (1 + this.#precision * this.#stride)
    const isBelowAim = this.#lastAim === 0 || failed <= this.#lastAim
    if (!isBelowAim && above < middle) {
      this.#stride = this.#strides++ < 1 ? 1 : 2 * this.#stride
      return { rate: above, reason: `just above ${figure(kept)}/s, which was kept` }
    }
    return { rate: middle, reason: `between ${figure(kept)}/s, kept, and ${figure(failed)}/s, failed` }
  }
}

/**
 * What a peer that throttles takes for good: what it took between its first and its last refusal of one step, or
 * between the refusals of two. Less than the truth where it could save nothing more up in between; null when the
 * time is too short to tell.
 */
export function allowedRate(steps: readonly SeenStep[]): number | null {
  const throttled = steps.filter(({ step }) => step.throttled > 0)
  const [last, before] = [throttled.at(-1), throttled.at(-2)]
  if (last === undefined) return null
  const { pressure } = last.facts
  if (pressure !== null && pressure.seconds >= TELLING_SECONDS) return pressure.accepted / pressure.seconds
  if (before === undefined) return null
  const seconds = last.ended.seconds - before.ended.seconds
  const between = steps.slice(steps.indexOf(before) + 1)
  const refused = between.reduce((sum, { step, facts }) => sum + step.messages - facts.accepted, 0)
  return seconds < TELLING_SECONDS ? null : (last.ended.messages - before.ended.messages - refused) / seconds
}
