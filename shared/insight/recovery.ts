import type { StepSecond } from './step-judge.ts'
import { median } from './statistics.ts'

/** Seconds with answers that must agree. */
const SECONDS = 3
/** How much slower than its base a peer may be and still count as back: few messages scatter. */
const SLOWER = 1.5
const SLOWER_MS = 2

/**
 * Whether a trickle after an overload shows that the peer is as fast as before, and refuses nothing.
 * @param baseMs its median response before the overload; null when it was never seen, then any answer will do
 */
export function isRecovered(
  seconds: readonly Pick<StepSecond, 'p50' | 'throttled' | 'failed'>[],
  baseMs: number | null
): boolean {
  const last = seconds.filter(({ p50 }) => p50 !== null).slice(-SECONDS)
  if (last.length < Math.min(SECONDS, seconds.length) || last.length === 0) return false
  if (seconds.slice(-SECONDS).some(({ throttled, failed }) => throttled > 0 || failed > 0)) return false
  return baseMs === null || median(last.map(({ p50 }) => p50 ?? 0)) <= baseMs * SLOWER + SLOWER_MS
}

/** Trickle between overloads: messages per second at most, and how long it waits for the peer to come back, s. */
const TRICKLE_RATE = 10
const RECOVERY_SECONDS = 60
/** A trickle that is cut shorter than this says nothing, and what it takes to end one, s. */
const LEAST_TRICKLE_SECONDS = 1
const ENDING_SECONDS = 1

/** Messages per second that show how a peer does after `afterRate` was too much, and are no burden. */
export function trickle(startRate: number, afterRate: number): number {
  return Math.min(TRICKLE_RATE, startRate, afterRate) / 2
}

/**
 * How long a trickle takes at least and at most, s.
 * @param baseMs what it waits for; null when it was never seen, then the pause alone will do
 * @param affordedSeconds what the budgets of the search leave
 * @returns null when they leave nothing
 */
export function recoveryBounds(
  coolDownSeconds: number,
  baseMs: number | null,
  affordedSeconds: number
): { leastSeconds: number; mostSeconds: number } | null {
  const leftSeconds = affordedSeconds - ENDING_SECONDS
  if (leftSeconds < LEAST_TRICKLE_SECONDS) return null
  const wanted = baseMs === null ? coolDownSeconds : Math.max(coolDownSeconds, RECOVERY_SECONDS)
  const mostSeconds = Math.min(wanted, leftSeconds)
  return { leastSeconds: Math.min(coolDownSeconds, mostSeconds), mostSeconds }
}
