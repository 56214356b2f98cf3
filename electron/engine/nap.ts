/** Places in the Int32 array that a napping thread is started with and shares with its listener. */
export const NAP = {
  /** Sum of how much later than it should the thread woke up, µs. */
  lateUs: 0,
  /** Naps behind the sum. */
  count: 1,
  /** 1 asks the thread to end. */
  end: 2,
  size: 3
} as const
