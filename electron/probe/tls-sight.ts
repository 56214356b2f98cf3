import { isIP, type Socket } from 'node:net'
import { connect, getCACertificates, type PeerCertificate, type TLSSocket } from 'node:tls'
import { handshakeProblem } from '../transports/connect/failure.ts'
import { whenSilent } from '../transports/connect/when-silent.ts'
import { messageOf } from '../record/run-error.ts'
import { SilenceError } from './open-socket.ts'
import type { ProbePort } from '../../shared/record/probe-record.ts'

type TlsFound = NonNullable<ProbePort['tls']>

/** A certificate that expires within this many days is warned of. */
const SOON_DAYS = 14

export interface TlsOptions {
  /** Name to ask for and to verify. */
  host: string
  /** PEM text trusted beside the built-in roots. */
  caPem: string | null
  alpn?: string[]
}

/**
 * Starts TLS on an open socket and accepts whatever the server shows, old versions and bad certificates
 * too: to tell of them is the point. No secret ever goes over such a connection.
 * @throws {Error} when there is no TLS to be had
 */
export function startTls(
  socket: Socket,
  { host, caPem, alpn, timeoutMs }: TlsOptions & { timeoutMs: number }
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const stopWaiting = whenSilent(timeoutMs, () => {
      reject(new SilenceError(timeoutMs, ' TLS'))
      secure.destroy()
    })
    const secure = connect({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ca: [...getCACertificates(), ...(caPem === null ? [] : [caPem])],
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      ...(alpn === undefined ? {} : { ALPNProtocols: alpn })
    })
    secure.once('secureConnect', () => {
      stopWaiting()
      resolve(secure)
    })
    // Stays for the socket's life: after the handshake, errors are for whoever listens, and never uncaught.
    secure.on('error', reject)
    secure.once('close', () => {
      stopWaiting()
      reject(new Error('the server closed the connection in the middle of the TLS handshake'))
    })
  })
}

/** The peer spoke TLS, and broke off. */
export function isTlsAlert(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code.startsWith('ERR_SSL') && code !== 'ERR_SSL_WRONG_VERSION_NUMBER' && !code.includes('PACKET_LENGTH')
  )
}

/** Why a handshake failed, in words. */
export function tlsProblem(error: unknown, host: string): string {
  const name = isIP(host) === 0 ? '' : '; probe it by its name, which an address cannot tell'
  const known = handshakeProblem(codeOf(error))
  if (known !== null) return known + (codeOf(error).includes('UNRECOGNIZED_NAME') ? name : '')
  return messageOf(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What a TLS connection shows of itself. */
export function seenTls(socket: TLSSocket, host: string): TlsFound {
  const certificate = socket.getPeerCertificate()
  const expires = new Date(certificate.valid_to)
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    verified: socket.authorized,
    problem: socket.authorized ? null : problemOf(socket, certificate, expires, host),
    subject: nameOf(certificate.subject) || (certificate.subjectaltname ?? ''),
    issuer: nameOf(certificate.issuer),
    expires: Number.isNaN(expires.getTime()) ? '' : expires.toISOString()
  }
}

/** What a user should be warned of. */
export function tlsWarnings(tls: TlsFound, now: Date): string[] {
  const warnings: string[] = []
  if (tls.problem !== null) warnings.push(`the certificate does not verify: ${tls.problem}`)
  const leftDays = (Date.parse(tls.expires) - now.getTime()) / 86_400_000
  if (leftDays > 0 && leftDays < SOON_DAYS) {
    warnings.push(`the certificate expires in ${Math.ceil(leftDays)} days`)
  }
  if (tls.version < 'TLSv1.2') warnings.push(`${tls.version} is out of use since RFC 8996; demand TLS 1.2`)
  return warnings
}

function problemOf(socket: TLSSocket, certificate: PeerCertificate, expires: Date, host: string): string {
  // A string at run time, whatever the types say.
  const code = String(socket.authorizationError)
  if (code.includes('CERT_HAS_EXPIRED')) {
    return expires.getTime() < Date.now()
      ? `it expired on ${expires.toISOString().slice(0, 10)}`
      : 'a certificate of its chain has expired'
  }
  if (code.includes('CERT_NOT_YET_VALID')) return `it is not valid before ${certificate.valid_from}`
  if (code.includes('SELF_SIGNED'))
    return 'it is signed by itself or by an authority that is not trusted here'
  if (code.includes('UNABLE_TO_'))
    return 'its issuer is not trusted here, or the server does not send a certificate in between (intermediate), which it should: name either in tls.caFile (probe: --ca) to trust it'
  if (code.includes('ALTNAME')) {
    return `it is for ${certificate.subjectaltname ?? nameOf(certificate.subject)} and not for ${host}`
  }
  return code
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const part = name?.CN ?? name?.O ?? ''
  return Array.isArray(part) ? part.join(', ') : part
}
