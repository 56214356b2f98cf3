import type { SmtpTransport } from '../../../shared/plan.ts'
import type { Outcome, Phase } from '../../../shared/words.ts'

type Security = SmtpTransport['security']

/** Why a send or a connection came to nothing: the fields of a result. */
export interface Failure {
  outcome: Extract<Outcome, 'rejected' | 'failed'>
  code: string
  phase: Phase
  sample: string
}

export function failed(code: string, phase: Phase, sample: string): Failure {
  return { outcome: 'failed', code, phase, sample }
}

/** What to do about the certificate faults that OpenSSL and Node name. */
const CERTIFICATE_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed: name it in tls.caFile to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in an unknown authority: name that in tls.caFile to trust it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is unknown here: name the authority in tls.caFile to trust it',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is unknown here: name the authority in tls.caFile to trust it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its issuer is unknown here: name the authority in tls.caFile to trust it',
  CERT_HAS_EXPIRED: 'the certificate has expired: the server needs a new one',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet: check the clocks of both machines',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name: set tls.serverName to the right one'
}

const CONNECT_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check host and port',
  ENOTFOUND: 'no such host: check its name',
  EAI_AGAIN: 'the name server does not answer: try again later',
  ETIMEDOUT: 'no answer at all: a firewall may drop the packets',
  EHOSTUNREACH: 'there is no way to that host: check the network',
  ENETUNREACH: 'there is no way to that network: check the connection'
}

/** How OpenSSL words its errors: an address, numbers, names of its own code around the one thing that tells. */
const OPENSSL_ERROR = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*/s

/** A socket's or resolver's error in words, with what to do about it. */
export function socketFailure(error: NodeJS.ErrnoException, phase: Phase, endpoint: string): Failure {
  const code = error.code ?? 'SOCKET'
  const message = error.message === '' ? `${code} ${endpoint}` : error.message.replace(OPENSSL_ERROR, '$1')
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    const advice =
      'what came is not TLS: use another port, or on this one "security": "starttls" (SMTP) or http:// (API)'
    return failed(code, 'tls', `TLS failed (${message}): ${advice}`)
  }
  const certificateAdvice = CERTIFICATE_ADVICE[code]
  if (certificateAdvice !== undefined) {
    const advice = `${certificateAdvice}, or set tls.verify to false for a test`
    return failed(code, 'tls', `TLS certificate refused (${message}); ${advice}`)
  }
  const advice = CONNECT_ADVICE[code]
  const isConnecting = phase === 'dns' || phase === 'tcp'
  return failed(code, phase, isConnecting && advice !== undefined ? `${message}; ${advice}` : message)
}

export function timeoutFailure(phase: Phase, timeoutMs: number, security: Security): Failure {
  const waited = `no answer within ${timeoutMs / 1000} s in phase ${phase}`
  const mayWantTls = phase === 'greeting' && security !== 'tls'
  const advice = '; a port that begins with TLS, as 465 does, says nothing before: it wants "security": "tls"'
  return failed('TIMEOUT', phase, mayWantTls ? waited + advice : waited)
}

export function closedFailure(phase: Phase): Failure {
  return failed(
    'CONNECTION_CLOSED',
    phase,
    `the server closed the connection without an answer in phase ${phase}`
  )
}

const MAX_SAMPLE_CHARACTERS = 500

/** One line that is safe to show: cut, and without control characters. */
export function cleanSample(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what a hostile line is cleaned of
  return text.slice(0, MAX_SAMPLE_CHARACTERS).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '\uFFFD')
}

/** Codes with which a server asks a sender to slow down. */
export function isThrottling(code: number): boolean {
  return code === 421 || code === 450 || code === 451 || code === 452 || code === 454
}

/** Seconds that a reply asks to wait, as in `try again in 30 seconds`; 0 when it names none. */
export function retryAfterSeconds(text: string): number {
  const [, amount, unit] =
    /\b(?:in|after|wait)\s+(\d{1,6})\s*(s|sec|seconds?|m|min|minutes?|h|hours?)\b/i.exec(text) ?? []
  if (amount === undefined || unit === undefined) return 0
  const scale = unit[0]?.toLowerCase()
  return Number(amount) * (scale === 'h' ? 3600 : scale === 'm' ? 60 : 1)
}
