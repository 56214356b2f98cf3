import { nowUs } from '../transports/clock.ts'

/** How often a thread looks at the clock, ms. */
const BEAT_MS = 20
/** A beat, or a send, that comes this much too late, µs: the thread stood still, whatever kept it. */
export const STALL_US = 100_000

/**
 * Notices when the thread that calls this stands still: a busy event loop, a processor that others had, a process that
 * was stopped. What ended meanwhile is seen late, and what came due meanwhile is sent at once.
 * @param onStall is told the end of a standstill by the thread's clock and its length, µs
 * @returns how to end it
 */
export function watchStalls(onStall: (endUs: number, lengthUs: number) => void): () => void {
  let lastUs = nowUs()
  const timer = setInterval(() => {
    const atUs = nowUs()
    const lateUs = atUs - lastUs - BEAT_MS * 1000
    lastUs = atUs
    if (lateUs >= STALL_US) onStall(atUs, lateUs)
  }, BEAT_MS)
  return () => {
    clearInterval(timer)
  }
}
