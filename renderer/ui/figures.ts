/** The unit that a column of times is read best in, by the longest of them. */
export function timeUnit(longestSeconds: number): { name: string; seconds: number } {
  if (longestSeconds < 100) return { name: 's', seconds: 1 }
  if (longestSeconds < 90 * 60) return { name: 'min', seconds: 60 }
  if (longestSeconds < 48 * 3600) return { name: 'h', seconds: 3600 }
  return { name: 'days', seconds: 86_400 }
}

const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** `23 Nov 2026, 14:02`, in the user's own time zone. */
export function dateTime(iso: string): string {
  return dateAndTime.format(new Date(iso))
}

/** Decimals that a figure has earned: as many as its interval can tell apart, and near three digits in all, as the verdict has. */
export function earnedDecimals({ ratio, low, high }: { ratio: number; low: number; high: number }): number {
  const half = Math.max((high - low) / 2, Number.EPSILON)
  const atLeast = ratio < 10 ? 2 : 1
  return Math.min(4, Math.max(atLeast, Math.ceil(-Math.log10(half))))
}
