import { figure } from '../../shared/format.ts'

/** Stands where there is nothing to show. */
export const NOTHING = '–'

/** A measured number, or a dash where nothing was measured. */
export function figureOrDash(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : figure(value)
}

const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** `23 Nov 2026, 14:02`, in the user's own time zone. */
export function dateTime(iso: string): string {
  return dateAndTime.format(new Date(iso))
}

/** Decimals that a figure has earned: as many as its interval can tell apart, and at least two digits in all. */
export function earnedDecimals({ ratio, low, high }: { ratio: number; low: number; high: number }): number {
  const half = Math.max((high - low) / 2, Number.EPSILON)
  const atLeast = ratio < 1 ? 2 : 1
  return Math.min(4, Math.max(atLeast, Math.ceil(-Math.log10(half))))
}
