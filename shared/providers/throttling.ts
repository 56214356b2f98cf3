import type { HttpSide, SmtpSide } from './provider.ts'
import { askedWaitSeconds, boundedWait, waitOfValue } from './asked-wait.ts'

/** Words with which servers of all makes ask a sender to slow down. */
const SLOW_DOWN =
  /\b(?:rate|hourly|daily|monthly|per[- ](?:second|minute|hour|day)|concurren\w*|sending|submission|connection|message|request|send|traffic)[- ]?\w*[- ](?:\w+[- ]){0,2}?limit|limit\w*[^.;]{0,40}\b(?:exceeded|reached|hit)|\b(?:exceed\w*|reached|over|hit)\b[^.;]{0,40}\b(?:limit|quota|rate|allowance)|throttl|rate[- ]?limit|slow(?:ing)? down|too (?:fast|quickly|many|much)|\byou are limited|quota exceeded|gr[ea]y-?list|congest|resources temporarily|(?:server|system|too) busy|enhance your calm/i
/** What sounds alike and is about one message, one mailbox or one mistake. */
const NOT_SLOW_DOWN =
  /too many (?:recipients|hops|errors|bad|invalid|syntax|unknown|lines|headers|attachments)|(?:mailbox|inbox|storage|disk)[^.;]{0,30}(?:full|quota|limit|exceed)|(?:over|exceed\w*)[^.;]{0,20}\b(?:mailbox|storage|disk)|\bsize\b|too (?:large|big|long)|too much mail data|unlimited/i
/** What a server says of its own trouble: no wish of pace. */
const TROUBLE =
  /write error|storage|disk|database|internal|not found|unresolv|resolv|lookup|dns|verify|verification|unavailable user|configur|local error|authenticat/i

/**
 * What an enhanced status says of pace (RFC 3463, and the registry of RFC 5248): its subject and detail decide. False
 * for a fault of address, mailbox, route, protocol, content or login; null where it says nothing of its own.
 */
function paceOfStatus(subject: number, detail: number): boolean | null {
  switch (subject) {
    case 1:
    case 5:
    case 6:
      return false
    case 2:
      return detail === 0 || detail === 1 ? null : false
    case 3:
      return detail === 0 || detail === 2 ? null : false
    case 4:
      return detail === 5 ? true : detail === 0 ? null : false
    case 7:
      return detail === 28 ? true : detail <= 1 ? null : false
    default:
      return null
  }
}

/** Codes that ask to come back with nothing else said (RFC 5321 section 4.2.3, RFC 4954 for 432). */
const LATER_CODES: readonly number[] = [421, 432, 450, 451, 452]

/**
 * Whether an SMTP refusal asks its sender to slow down. Decided, in this order, by what the provider documents, by the
 * enhanced status, by the text, and by the code.
 * @param text the reply, code included
 */
export function asksForPace(
  text: string,
  side: Pick<SmtpSide, 'throttledText' | 'finalCodes'> | null
): boolean {
  const [, digits, , subject, detail] = /^(\d{3})(?:[ -]([245])\.(\d{1,3})\.(\d{1,3})\b)?/.exec(text) ?? []
  const code = Number(digits ?? 0)
  if (code < 400) return false
  if (side?.throttledText?.test(text) === true) return true
  const bySays = textAsksForPace(text)
  if (side?.finalCodes?.includes(code) === true) return bySays
  const byStatus = subject === undefined ? null : paceOfStatus(Number(subject), Number(detail))
  if (byStatus !== null) return byStatus
  if (bySays) return true
  // Without a word of pace, "other or undefined" of the mail system is trouble of its own.
  if (TROUBLE.test(text) || (subject === '3' && detail === '0')) return false
  return LATER_CODES.includes(code)
}

/** Whether a text asks its reader to slow down, whatever protocol it came by. */
export function textAsksForPace(text: string): boolean {
  if (NOT_SLOW_DOWN.test(text)) return false
  return (
    SLOW_DOWN.test(text) || (!TROUBLE.test(text) && /\bagain\b/i.test(text) && askedWaitSeconds(text, 0) > 0)
  )
}

/**
 * How long an HTTP answer asks the sender to wait, in seconds; 0 when it names no time. Read, in this order, from
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
    const seconds = waitOfValue(standard, nowMs)
    if (seconds !== null) return seconds
  }
  if (side.resetHeader !== null) {
    const value = Number(header(side.resetHeader.name) ?? NaN)
    if (Number.isFinite(value)) {
      return boundedWait(side.resetHeader.unit === 'epoch' ? value - nowMs / 1000 : value)
    }
  }
  return askedWaitSeconds(body, nowMs)
}
