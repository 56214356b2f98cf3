/** Places of the counters that the sides of a precise timer wait on. */
export const ARMED = 0
export const FIRED = 1
/** The due time while none is set. */
export const NOT_ARMED = 0n

const COUNTERS_AT = 8
const SHARED_BYTES = 16

/** What a precise timer and its thread share: the due time, µs of the clock they share, and the two counters. */
export class TimerMemory {
  readonly shared: SharedArrayBuffer
  readonly due: BigInt64Array
  readonly counters: Int32Array

  constructor(shared = new SharedArrayBuffer(SHARED_BYTES)) {
    this.shared = shared
    this.due = new BigInt64Array(shared, 0, 1)
    this.counters = new Int32Array(shared, COUNTERS_AT, 2)
  }
}
