/** A wait that no peer means in earnest; anything above is cut to it, seconds. */
const LONGEST_WAIT_SECONDS = 86_400

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  'a few': 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  'half an': 0.5
}

const UNIT_SECONDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|milliseconds?)$/i, 0.001],
  [/^(?:s|secs?|seconds?)$/i, 1],
  [/^(?:m|mins?|minutes?)$/i, 60],
  [/^(?:h|hrs?|hours?)$/i, 3600],
  [/^(?:d|days?)$/i, 86_400]
]

const AMOUNT = `\\d{1,7}(?:\\.\\d+)?|${Object.keys(NUMBER_WORDS)
  .sort((a, b) => b.length - a.length)
  .join('|')}`
const PIECE = `(${AMOUNT})\\s*(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])`
const DURATION = new RegExp(
  `^${PIECE}(?:(?:\\s*,)?(?:\\s+and)?\\s*${PIECE})?(?:(?:\\s*,)?(?:\\s+and)?\\s*${PIECE})?`,
  'i'
)
/** HH:MM:SS or MM:SS. */
const CLOCK = /^(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?![\d:])/
const BARE_SECONDS = /^(\d{1,7}(?:\.\d+)?)(?=[\s.,;)"'\]}]*$|[.,;)]\s|["'}])/
const ISO_DATE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?/
/** The date of mail and HTTP: `Thu, 01 Jan 2026 00:01:00 GMT`. */
const MAIL_DATE = /^(?:[a-z]{3,9},? )?\d{1,2}[ -][a-z]{3}[ -]\d{4} \d{2}:\d{2}(?::\d{2})?/i
const ZONE = /^ ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})/i

/** Words that lead to when to come back. */
const COME_BACK =
  /\b(?:again|retry|retried|retrying|wait|back|resume|available|blocked|reset|resets|limited)\b(?:[a-z' ,-]{0,40}?\b(?:in|after|for|until|at|on|by))?[\s:=]+(?:about |approximately |at least |another |the next )?/gi
/** The same without a word of coming back before it: a span that is no rate (`100 messages in 1 hour`). */
const SPAN =
  /(?<!\b(?:messages?|mails?|emails?|requests?|calls?|recipients?|connections?|sent|\d) )\b(?:in|after|until)\s+/gi

/**
 * How long a text asks its reader to wait, seconds from now; 0 when it names no time. Understands seconds, minutes and
 * hours (`2m30s`, `5 minutes`, `one hour`, `00:04:59`) and dates, which count as UTC when they name no zone.
 */
export function askedWaitSeconds(text: string, nowMs: number): number {
  for (const leading of [COME_BACK, SPAN]) {
    for (const { index, 0: words } of text.matchAll(leading)) {
      const rest = text.slice(index + words.length, index + words.length + 80)
      const seconds = spanOrDate(rest, nowMs) ?? (leading === COME_BACK ? bareSeconds(rest) : null)
      if (seconds !== null) return boundedWait(seconds)
    }
  }
  return 0
}

/** A header's value: a number of seconds, a span, or a date. Null when it is none of them. */
export function waitOfValue(value: string, nowMs: number): number | null {
  const text = value.trim()
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : spanOrDate(text, nowMs)
  return seconds === null ? null : boundedWait(seconds)
}

export function boundedWait(seconds: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(0, seconds))
}

function spanOrDate(text: string, nowMs: number): number | null {
  const date = (ISO_DATE.exec(text) ?? MAIL_DATE.exec(text))?.[0]
  if (date !== undefined) {
    const zone = ZONE.exec(text.slice(date.length))?.[0].trim() ?? 'UTC'
    const atMs = Date.parse(
      `${date.replace(/-(?=[a-z])|(?<=[a-z])-/gi, ' ')}${/^[+-]|^Z$/i.test(zone) ? zone : ` ${zone}`}`
    )
    return Number.isNaN(atMs) ? null : (atMs - nowMs) / 1000
  }
  const clock = CLOCK.exec(text)
  if (clock !== null) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])
  const pieces = DURATION.exec(text)?.slice(1)
  if (pieces === undefined) return null
  let seconds = 0
  for (let at = 0; at < pieces.length; at += 2) seconds += pieceSeconds(pieces[at], pieces[at + 1])
  return seconds
}

function pieceSeconds(amount: string | undefined, unit: string | undefined): number {
  if (amount === undefined || unit === undefined) return 0
  const count = NUMBER_WORDS[amount.toLowerCase()] ?? Number(amount)
  return count * (UNIT_SECONDS.find(([pattern]) => pattern.test(unit))?.[1] ?? 0)
}

function bareSeconds(text: string): number | null {
  const seconds = BARE_SECONDS.exec(text)?.[1]
  return seconds === undefined ? null : Number(seconds)
}
