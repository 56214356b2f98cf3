import type { RunRecord } from '../record/run-record.ts'

/**
 * Name of the transport that the others are compared with, the same in every table and report: the one asked for, or
 * the fastest at the median; null when nothing was accepted.
 */
export function yardstickOf({ transports }: RunRecord, wanted: string | null = null): string | null {
  if (wanted !== null && transports.some(({ name }) => name === wanted)) return wanted
  const measured = transports.flatMap(({ name, response: { p50 } }) => (p50 === null ? [] : [{ name, p50 }]))
  return measured.sort((a, b) => a.p50 - b.p50)[0]?.name ?? null
}
