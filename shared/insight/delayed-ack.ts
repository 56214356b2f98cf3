/**
 * Whether the pause between the first part of an answer and its rest is what a peer waited for an acknowledgement: with
 * Nagle's algorithm (RFC 896) it sends no further small segment before, and a receiver that has nothing to say delays the
 * acknowledgement (RFC 1122, section 4.2.3.2).
 */

/** How long systems delay it: Linux, and Windows since version 10; Windows before; µs. */
const DELAYS_US = [40_000, 200_000]
/** How much less and more a pause may be: the kernel's tick, and what the peer still had to do. */
const WITHIN_US = { less: 3000, more: 12_000 }
/** Below this a round trip cannot be told from the peer's own time, µs. */
const LEAST_RTT_US = 5000
/** What acknowledging at once leaves is one round trip, and this share of it or so much more. */
const BEYOND_RTT = { share: 0.05, us: 2000 }

/**
 * @param gapUs from the first part heard to the rest
 * @param rttUs least round trip; Infinity where it is unknown
 * @param isHurried the first part was acknowledged at once, so that one round trip is left of it
 */
export function heldByAcknowledgement(gapUs: number, rttUs: number, isHurried: boolean): boolean {
  const roundTripUs = Number.isFinite(rttUs) ? rttUs : 0
  if (!isHurried) {
    return DELAYS_US.some((delayUs) => {
      const offUs = gapUs - roundTripUs - delayUs
      return offUs >= -WITHIN_US.less && offUs <= WITHIN_US.more
    })
  }
  const offUs = gapUs - roundTripUs
  return (
    roundTripUs >= LEAST_RTT_US &&
    offUs >= -BEYOND_RTT.share * roundTripUs &&
    offUs <= Math.max(BEYOND_RTT.us, BEYOND_RTT.share * roundTripUs)
  )
}
