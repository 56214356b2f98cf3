/** Stands between a number and its unit: a thin space that does not break. */
const UNIT_SPACE = '\u202f'

const whole = formatter({ maximumFractionDigits: 0 })
const threeDigits = formatter({ maximumSignificantDigits: 3 })
const exactlyThreeDigits = formatter({ minimumSignificantDigits: 3, maximumSignificantDigits: 3 })

/** Made when it is first needed: the data of a language takes longer to load than a whole command to start. */
function formatter(options: Intl.NumberFormatOptions): (value: number) => string {
  let format: Intl.NumberFormat | null = null
  return (value) => (format ??= new Intl.NumberFormat('en-US', options)).format(value)
}

/** Far below what any figure here is measured to. */
const ROUNDING = 1e-9

/** A count, with thousands set apart: `3,000`. */
export function integer(value: number): string {
  return whole(value)
}

/**
 * A measured number with three significant digits, but never with fewer than its whole part: `0.123`, `43.2`, `21.0`,
 * `1,005`. A whole number is a count or a setting and gets no decimals: `11`.
 */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 1000) return whole(value)
  if (Number.isInteger(value)) return String(value)
  // What sums of measured numbers are off by, no figure.
  if (Math.abs(value) < ROUNDING) return '0'
  // Below that, zeros at the end would claim fractions of a microsecond.
  return Math.abs(value) < 0.1 ? threeDigits(value) : exactlyThreeDigits(value)
}

/** Stands where there is nothing to show. */
export const NOTHING = '–'

/** A measured number, or a dash where nothing was measured. */
export function figureOrDash(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : figure(value)
}

/** A round number on an axis, as short as it can be: `0.5`, `250`, `1,500`. */
export function tickLabel(value: number): string {
  return Math.abs(value) >= 1000 ? whole(value) : threeDigits(value)
}

/** A share of 1 in whole percent: `97 %`; with a decimal where whole percent would say 0 or 100 of what is not. */
export function percent(share: number): string {
  const value = share * 100
  if (!Number.isFinite(value)) return '–'
  const rounded = Math.round(value)
  const misleading = (rounded === 100 && value < 100) || (rounded === 0 && value > 0)
  if (!misleading) return withUnit(whole(value), '%')
  const decimals = value < 50 ? Math.max(value, 0.1) : Math.min(value, 99.9)
  return withUnit(decimals.toFixed(1), '%')
}

/** A time: `0.42 ms`, `455 ms`, `2.35 s`. */
export function milliseconds(ms: number): string {
  return Math.abs(ms) < 1000 ? withUnit(figure(ms), 'ms') : withUnit(figure(ms / 1000), 's')
}

/** A length of time in the unit that fits it: `40 s`, `12 min`, `2.6 h`, `4.2 d`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 99.5) return withUnit(whole(seconds), 's')
  if (seconds < 90 * 60) return withUnit(whole(seconds / 60), 'min')
  if (seconds < 48 * 3600) return withUnit(threeDigits(seconds / 3600), 'h')
  return withUnit(threeDigits(seconds / 86_400), 'd')
}

/** A size in the unit that fits it, by thousands: `512 B`, `2.05 KB`, `1.2 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return withUnit(whole(count), 'B')
  if (count < 1_000_000) return withUnit(threeDigits(count / 1000), 'KB')
  if (count < 1_000_000_000) return withUnit(threeDigits(count / 1_000_000), 'MB')
  return withUnit(threeDigits(count / 1_000_000_000), 'GB')
}

/** `3,000 of 3,000`. */
export function partOf(part: number, all: number): string {
  return `${integer(part)} of ${integer(all)}`
}

/** `1 message`, `3,000 messages`. */
export function counted(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

export function withUnit(value: string, unit: string): string {
  return value + UNIT_SPACE + unit
}
