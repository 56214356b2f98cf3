import type { Outcome, Phase } from '../../../shared/record/words.ts'

/** Why a send or a connection came to nothing: the fields of a result. */
export interface Failure {
  outcome: Extract<Outcome, 'rejected' | 'failed'>
  code: string
  phase: Phase
  sample: string
  /** What to set in the plan, to be shown behind the sample; absent when nobody has thought about it yet. */
  advice?: string
}

export function failed(code: string, phase: Phase, sample: string): Failure {
  return { outcome: 'failed', code, phase, sample }
}

/** What to do about the certificate faults that OpenSSL and Node name. */
const CERTIFICATE_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed: name it in tls.caFile to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in an unknown authority: name that in tls.caFile to trust it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its issuer is unknown here: either the server does not send a certificate in between (intermediate), which it ' +
    'should, or the authority is no public one: name either in tls.caFile to trust it',
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

/** What this machine itself may be short of, and what to do about it. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files: raise its limit (ulimit -n), or use fewer connections',
  ENFILE: 'this machine may open no more files: raise its limit (fs.file-max), or use fewer connections',
  EADDRNOTAVAIL:
    'this machine has no local port or address left: keep connections, or widen net.ipv4.ip_local_port_range',
  EADDRINUSE: 'this machine has no local port left: keep connections, or widen net.ipv4.ip_local_port_range',
  ENOBUFS: 'this machine has no buffers left: use fewer connections, or give its network more memory',
  ENOMEM: 'this machine has no memory left: use fewer connections or smaller messages',
  EAI_MEMORY: 'this machine has no memory left: use fewer connections or smaller messages',
  EAFNOSUPPORT: 'this machine does not speak that family of addresses: set "family" to the other one'
}

/** The code tells of something that this machine is short of: no fault of the peer. */
export function isLocalShortage(code: string): boolean {
  return Object.hasOwn(SHORTAGES, code)
}

/** What to do about a shortage of this machine, in words; undefined for any other code. */
export function shortageAdvice(code: string): string | undefined {
  return isLocalShortage(code) ? SHORTAGES[code] : undefined
}

const OLD_TLS =
  'the server speaks no version of TLS that is in use: 1.0 and 1.1 are out of it since RFC 8996, and tls.minVersion and ' +
  'tls.maxVersion may leave out more; the server needs an update'
const WANTS_NAME =
  'the server wants to be told a name (SNI) that it knows: set tls.serverName to the one on its certificate'
const NOTHING_COMMON =
  'the server takes none of the offered versions and ciphers, wants another name (tls.serverName), or a certificate of ' +
  'the client, which is not supported'
const NO_TLS = 'what came is not TLS'

/** Why a handshake fails, by OpenSSL's codes, and what to do about it. */
const HANDSHAKE_PROBLEMS: Readonly<Record<string, string>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: OLD_TLS,
  ERR_SSL_VERSION_TOO_LOW: OLD_TLS,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: OLD_TLS,
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: WANTS_NAME,
  ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME: WANTS_NAME,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NOTHING_COMMON,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': NOTHING_COMMON,
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'the server breaks the handshake off with a fault of its own',
  ERR_SSL_DH_KEY_TOO_SMALL: 'the server’s keys are too short to be safe; it needs an update',
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key of the certificate is too short to be safe; the server needs a new one',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS
}

/** Why a TLS handshake failed, in words, with what to do about it; null for a code that says nothing of it. */
export function handshakeProblem(code: string): string | null {
  return HANDSHAKE_PROBLEMS[code] ?? null
}

/** How OpenSSL words its errors: an address, numbers, names of its own code around the one thing that tells. */
const OPENSSL_ERROR = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*/s

/**
 * A socket's or resolver's error in words, with what to do about it.
 * @param isUpgrade TLS was begun on a connection in the clear (STARTTLS)
 */
export function socketFailure(
  error: NodeJS.ErrnoException,
  phase: Phase,
  endpoint: string,
  isUpgrade = false
): Failure {
  const code = error.code ?? 'SOCKET'
  const message = error.message === '' ? `${code} ${endpoint}` : error.message.replace(OPENSSL_ERROR, '$1')
  const problem = handshakeProblem(code)
  if (problem !== null) {
    const advice =
      problem !== NO_TLS
        ? ''
        : isUpgrade
          ? ', although the server had agreed to STARTTLS: it, or something between, is at fault; "security": "none" tests without'
          : ': use another port, or on this one "security": "starttls" (SMTP) or http:// (API)'
    return failed(code, 'tls', `TLS failed (${message}): ${problem}${advice}`)
  }
  const certificateAdvice = CERTIFICATE_ADVICE[code]
  if (certificateAdvice !== undefined) {
    return failed(code, 'tls', `TLS certificate refused (${message}); ${certificateAdvice}`)
  }
  const isConnecting = phase === 'dns' || phase === 'tcp'
  const advice = shortageAdvice(code) ?? (isConnecting ? CONNECT_ADVICE[code] : undefined)
  return failed(code, phase, advice === undefined ? message : `${message}; ${advice}`)
}

/** Codes of a write to a connection that the peer has left or reset. */
const LEFT_CODES: readonly string[] = ['EPIPE', 'ECONNRESET']

/**
 * A library's failure, with what a reader must know of the library itself: one that stops at a failed write reads no more.
 * @param isWriting a part of the message had not left yet
 */
export function libraryFailure(library: string, code: string, message: string, isWriting: boolean): string {
  if (!isWriting || !LEFT_CODES.includes(code)) return message
  return (
    `${message}: the server left while the message was still going out; ${library} reads no more then, so that an answer ` +
    'which it may have given before (413, 552) is lost; client "wire" shows it'
  )
}

/** A wait that was longer than `timeoutSeconds`. */
export function timeoutFailure(phase: Phase, timeoutMs: number): Failure {
  return failed('TIMEOUT', phase, `no answer within ${timeoutMs / 1000} s in phase ${phase}`)
}

/** A send that was longer than `sendTimeoutSeconds`, however quick each answer was. */
export function sendTimeoutFailure(phase: Phase, sendTimeoutMs: number): Failure {
  return failed(
    'TIMEOUT',
    phase,
    `not done within ${sendTimeoutMs / 1000} s (sendTimeoutSeconds): in phase ${phase}`
  )
}

export function closedFailure(phase: Phase): Failure {
  return failed(
    'CONNECTION_CLOSED',
    phase,
    `the server closed the connection without an answer in phase ${phase}`
  )
}
