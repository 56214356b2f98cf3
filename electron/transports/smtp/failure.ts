import type { SmtpTransport } from '../../../shared/plan/plan.ts'
import { askedWaitSeconds } from '../../../shared/providers/asked-wait.ts'
import { providerOf } from '../../../shared/providers/index.ts'
import { asksForPace } from '../../../shared/providers/throttling.ts'
import type { Phase } from '../../../shared/record/words.ts'
import { visibleText } from '../../../shared/text/visible.ts'
import { type Failure, timeoutFailure } from '../connect/failure.ts'
import type { SendResult } from '../send-result.ts'

/** A reply that was waited for too long. */
export function replyTimeoutFailure(
  phase: Phase,
  timeoutMs: number,
  security: SmtpTransport['security']
): Failure {
  const failure = timeoutFailure(phase, timeoutMs)
  if (phase !== 'greeting' || security === 'tls') return failure
  const advice =
    'a port that begins with TLS, as 465 does, says nothing before: it wants "security": "tls"; nor does an HTTP server'
  return { ...failure, sample: `${failure.sample}; ${advice}` }
}

const MAX_SAMPLE_CHARACTERS = 500

/** One line that is safe to show: cut, and without control characters. */
export function cleanSample(text: string): string {
  return visibleText(text.slice(0, MAX_SAMPLE_CHARACTERS))
}

/** Writes into a result whether a reply asks to slow down, and for how long. */
export function settlePace(result: SendResult, reply: string, { provider }: SmtpTransport): void {
  result.throttled = asksForPace(reply, provider === undefined ? null : providerOf(provider).smtp)
  if (result.throttled) result.retryAfterSeconds = askedWaitSeconds(reply, Date.now())
}

/** What to set in a plan about a refusal, by its words; empty when nothing comes to mind. */
export function refusalAdvice(reply: string, phase: Phase, transport: SmtpTransport, name: string): string {
  const isEnvelope = phase === 'mail' || phase === 'rcpt' || phase === 'envelope' || phase === 'data'
  const advise = (text: string): string => `; ${text}`
  if (phase === 'auth' && transport.client === 'nodemailer' && /^50[014]\b/.test(reply)) {
    return advise(
      'nodemailer says its login along with AUTH, which not every server takes: set auth.method to "login"'
    )
  }
  if ((phase === 'ehlo' || isEnvelope) && /\b(?:helo|ehlo|hello)\b/i.test(reply)) {
    return advise(`it was told the name ${name}: set ehloName to one that it takes`)
  }
  if (
    transport.security === 'none' &&
    /starttls|encryption (?:is )?required|must (?:use|issue)[^.]*tls/i.test(reply)
  ) {
    return advise('it wants TLS: set "security": "starttls"')
  }
  if (transport.auth === null && /\bauthenticat|\blog ?in\b|5\.7\.0[^.]*\bauth/i.test(reply)) {
    return advise('it wants a login: set auth')
  }
  if (
    /too many (?:concurrent |simultaneous |open )*(?:smtp )?(?:connections|sessions)|concurrent connections/i.test(
      reply
    )
  ) {
    return advise('set maxConnections to what it allows')
  }
  if (
    /too many (?:messages|mails|transactions)|messages? (?:per|in) (?:this|one|a) (?:session|connection)/i.test(
      reply
    )
  ) {
    return advise('set messagesPerConnection to what it allows')
  }
  if (/\bsize\b|too (?:large|big)|too much mail data/i.test(reply)) {
    return advise('the message is beyond its limit: lower sizeBytes, or send fewer or smaller attachments')
  }
  return ''
}
