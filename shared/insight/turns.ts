/** What decides how many turns an SMTP send takes (design: "Counting turns"). */
export interface EnvelopeShape {
  /** PIPELINING (RFC 2920) is used. */
  pipelining: boolean
  /** CHUNKING (RFC 3030) is used: BDAT in place of DATA. */
  chunking: boolean
  recipients: number
}

export interface SmtpShape extends EnvelopeShape {
  security: 'none' | 'starttls' | 'tls'
  tlsVersion: 'TLSv1.2' | 'TLSv1.3'
  /** An earlier TLS session is resumed. */
  resumed: boolean
  auth: 'none' | 'plain' | 'login' | 'cram-md5' | 'xoauth2'
  /** The first answer goes with the AUTH command (RFC 4954); LOGIN and CRAM-MD5 know no such thing. */
  initialResponse: boolean
}

/**
 * Turns of the first message on a new connection, up to the reply that accepts it; content below the
 * initial congestion window.
 */
export function coldTurns(shape: SmtpShape): number {
  return 1 + openingTurns(shape) + authTurns(shape) + warmTurns(shape)
}

/** Turns of a further message on a kept connection. */
export function warmTurns({ pipelining, chunking, recipients }: EnvelopeShape): number {
  const content = chunking ? 1 : 2
  if (!pipelining) return 1 + recipients + content
  // MAIL, RCPT and what begins the content are one group; DATA alone must be answered before the content.
  return content
}

/**
 * Turns of an HTTP request whose body fits the initial window, on a new connection and on a kept one.
 * The same for HTTP/1.1 and HTTP/2, where the streams of a connection share them.
 * @param tls null for plain HTTP
 */
export function httpTurns(tls: { version: SmtpShape['tlsVersion']; resumed: boolean } | null): {
  cold: number
  warm: number
} {
  return { cold: 1 + (tls === null ? 0 : tlsTurns(tls.version, tls.resumed)) + 1, warm: 1 }
}

/** From the TCP connection to where MAIL or AUTH may be said. */
function openingTurns({ security, tlsVersion, resumed }: SmtpShape): number {
  const greeting = 1
  const ehlo = 1
  switch (security) {
    case 'none':
      return greeting + ehlo
    case 'starttls':
      return greeting + ehlo + 1 + tlsTurns(tlsVersion, resumed) + ehlo
    case 'tls':
      // The server speaks first: in TLS 1.3 its greeting waits for the client's Finished, in TLS 1.2 it
      // comes with its own. Two turns in any version, resumed or not.
      return 2 + ehlo
  }
}

function tlsTurns(version: SmtpShape['tlsVersion'], resumed: boolean): number {
  return version === 'TLSv1.3' || resumed ? 1 : 2
}

function authTurns({ auth, initialResponse }: SmtpShape): number {
  switch (auth) {
    case 'none':
      return 0
    case 'plain':
    case 'xoauth2':
      return initialResponse ? 1 : 2
    case 'cram-md5':
      return 2
    case 'login':
      return 3
  }
}
