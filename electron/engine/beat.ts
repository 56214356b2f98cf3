import type { Schedule, SchedulePart } from './pacer.ts'

/**
 * What a ticker thread is made with. It says `ready`, and begins when it is sent the start of its schedule on the
 * process's monotonic clock (`process.hrtime`), µs.
 */
export interface TickerStart {
  schedule: Schedule
  part: SchedulePart
  /** Places in {@link BEAT}. */
  beats: SharedArrayBuffer
}

/** Places in the Int32 array that a ticker shares with its listener. */
export const BEAT = {
  /** Sends that have come due so far. */
  due: 0,
  /** 1 while a message to the listener is under way. */
  told: 1,
  /** 1 asks the ticker to end. */
  end: 2,
  size: 3
} as const
