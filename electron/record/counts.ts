import type { Counts } from '../../shared/record/run-record.ts'

export function noCounts(): Counts {
  return { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
}

export function addCounts(target: Counts, counts: Counts): void {
  target.sent += counts.sent
  target.accepted += counts.accepted
  target.rejected += counts.rejected
  target.failed += counts.failed
  target.aborted += counts.aborted
}
