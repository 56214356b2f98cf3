import type { Schedule, SchedulePart } from './pacer.ts'

/** What a metronome thread is started with. */
export interface MetronomeStart {
  schedule: Schedule
  part: SchedulePart
  /** Start of the schedule on the process's monotonic clock (`process.hrtime`), µs. */
  startUs: number
  /** Places in {@link BEAT}. */
  beats: SharedArrayBuffer
}

/** Places in the Int32 array that a metronome shares with its listener. */
export const BEAT = {
  /** Sends that have come due so far. */
  due: 0,
  /** 1 while a message to the listener is under way. */
  told: 1,
  /** 1 asks the metronome to end. */
  end: 2,
  size: 3
} as const
