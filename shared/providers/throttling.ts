import type { HttpSide } from './provider.ts'

/** A wait that no peer means in earnest; anything above is cut to it, seconds. */
const LONGEST_WAIT_SECONDS = 86_400

/**
 * How long an answer asks the sender to wait, in seconds; 0 when it names no time. Read, in this order, from
 * Retry-After (RFC 9110 section 10.2.3: seconds or a date), from the provider's own header, and from a text like
 * Mailgun's `... limit exceeded, try again after <date or seconds>`.
 * @param header finds a header's value by its lower-case name
 */
export function waitSeconds(
  side: Pick<HttpSide, 'resetHeader'>,
  header: (name: string) => string | null,
  body: string,
  nowMs: number
): number {
  const standard = header('retry-after')
  if (standard !== null) {
    const seconds = secondsOrDate(standard, nowMs)
    if (seconds !== null) return seconds
  }
  if (side.resetHeader !== null) {
    const value = Number(header(side.resetHeader.name) ?? NaN)
    if (Number.isFinite(value)) {
      return bounded(side.resetHeader.unit === 'epoch' ? value - nowMs / 1000 : value)
    }
  }
  const text = /try again (?:after|in) ([^"<>]{1,60})/i.exec(body)?.[1]
  return text === undefined ? 0 : (secondsOrDate(text.replace(/[.\s]+$/, ''), nowMs) ?? 0)
}

function secondsOrDate(text: string, nowMs: number): number | null {
  const seconds = /^(\d+(?:\.\d+)?)\s*(?:s|secs?|seconds?)?$/i.exec(text.trim())?.[1]
  if (seconds !== undefined) return bounded(Number(seconds))
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : bounded((date - nowMs) / 1000)
}

function bounded(seconds: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(0, seconds))
}
