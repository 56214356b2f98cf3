import type { RunEnd } from '../../shared/record/snapshot.ts'

/** What is said of how a run ended, and of what became of its figures; empty where it came to its end. */
export function endingWords({ state, hasRecord, message }: RunEnd): string {
  if (state !== 'stopped') return message ?? ''
  return hasRecord
    ? 'Stopped by you. What was measured is kept.'
    : 'Stopped by you, before anything was sent.'
}
