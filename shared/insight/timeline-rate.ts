import type { TimelineRow } from '../record/run-record.ts'

/** Part of a second below which its few sends tell no rate, s. */
const LEAST_PART = 0.05

/** Accepted sends per second of measured time in a second of the timeline; null where too little of it was measured. */
export function ratePerSecond({ accepted, measuredSeconds }: TimelineRow): number | null {
  return measuredSeconds < LEAST_PART ? null : accepted / measuredSeconds
}
