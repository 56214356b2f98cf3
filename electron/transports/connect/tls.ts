import { isIP } from 'node:net'
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket
} from 'node:tls'
import type { Transport } from '../../../shared/plan/plan.ts'
import type { Observed } from '../client.ts'

/** Protocol that is offered by ALPN (RFC 7301); `h2` is also demanded. */
export type Alpn = 'http/1.1' | 'h2'

/** The latest context, with what it was made of: transports and rounds of a plan mostly want the same. */
let made: { of: string; context: SecureContext } | null = null

/** Reading the trusted roots takes longer than many a handshake. */
function secureContext({ minVersion, maxVersion }: Transport['tls'], caPem: string | null): SecureContext {
  const of = JSON.stringify([minVersion, maxVersion, caPem])
  if (made?.of !== of) {
    const ca = caPem === null ? {} : { ca: [...getCACertificates('default'), caPem] }
    made = { of, context: createSecureContext({ minVersion, maxVersion, ...ca }) }
  }
  return made.context
}

/**
 * How a client's connections shake hands: the trusted roots are read before the first send.
 * @param name to verify and send as SNI, whatever stands in between
 * @param caPem trusted beside the built-in roots
 */
export function tlsOptions(
  tls: Transport['tls'],
  name: string,
  caPem: string | null,
  alpn: Alpn | null
): ConnectionOptions {
  return {
    secureContext: secureContext(tls, caPem),
    rejectUnauthorized: tls.verify,
    ...(alpn === null ? {} : { ALPNProtocols: [alpn] }),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate)
  }
}

/** Turns of a finished TLS handshake: 2 for a full one of TLS 1.2, else 1. */
export function handshakeTurns(socket: TLSSocket): number {
  return socket.getProtocol() === 'TLSv1.3' || socket.isSessionReused() ? 1 : 2
}

/** What a finished handshake shows. */
export function observedTls(socket: TLSSocket): Pick<Observed, 'tls' | 'alpn'> {
  return {
    tls: {
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      resumed: socket.isSessionReused(),
      verified: socket.authorized
    },
    alpn: socket.alpnProtocol || null
  }
}

/** The alert of a server that has none of the offered protocols (RFC 7301, section 3.2). */
export const NO_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
export const NO_H2 = 'the server does not offer HTTP/2 (h2) by ALPN; use "http": { "version": "1.1" }'
