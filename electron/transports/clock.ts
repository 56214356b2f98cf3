/**
 * The one clock of a measurement: microseconds since this thread started, with sub-microsecond resolution.
 * Monotonic; only differences, and sums with {@link sharedClockOffsetUs}, have a meaning outside the thread.
 */
export function nowUs(): number {
  return performance.now() * 1000
}

/** Readings of the two clocks that {@link sharedClockOffsetUs} compares; the first is slow, its code being cold. */
const OFFSET_READINGS = 5

/** What to add to {@link nowUs} to get the monotonic clock that all threads of the process share, µs. */
export function sharedClockOffsetUs(): number {
  let offsetUs = 0
  let leastGapUs = Infinity
  for (let reading = 0; reading < OFFSET_READINGS; reading++) {
    const beforeUs = nowUs()
    const sharedUs = Number(process.hrtime.bigint()) / 1000
    const gapUs = nowUs() - beforeUs
    if (gapUs < leastGapUs) {
      leastGapUs = gapUs
      offsetUs = sharedUs - beforeUs - gapUs / 2
    }
  }
  return offsetUs
}
