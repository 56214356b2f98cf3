import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'

/** The time of day as this process keeps it, µs since 1970: monotonic, whatever is done to the system's clock. */
export function wallUs(): number {
  return performance.timeOrigin * 1000 + nowUs()
}

/** What to add to {@link wallUs} to get the monotonic clock that all threads of the process share, µs. */
export function wallToSharedUs(): number {
  return sharedClockOffsetUs() - performance.timeOrigin * 1000
}

/** How far another clock is from this one. */
export interface ClockOffset {
  /** Its time less ours, µs. */
  offsetUs: number
  /** By how much that may be off, µs: half the exchange that it comes from. */
  errorUs: number
}

/** Exchanges of a measurement; the fastest counts (Cristian 1989). */
const EXCHANGES = 20

/** Measures another clock by asking it for its time. */
export async function measureOffset(ask: () => Promise<number>): Promise<ClockOffset> {
  let best: ClockOffset = { offsetUs: 0, errorUs: Infinity }
  for (let exchange = 0; exchange < EXCHANGES; exchange++) {
    const askedUs = wallUs()
    const theirsUs = await ask()
    const errorUs = (wallUs() - askedUs) / 2
    if (errorUs < best.errorUs) best = { offsetUs: theirsUs - askedUs - errorUs, errorUs }
  }
  return best
}
