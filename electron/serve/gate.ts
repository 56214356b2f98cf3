import type { IncomingMessage } from 'node:http'
import { equalsSecret } from '../equals-secret.ts'

/** Why a request is turned away, with its HTTP status. */
export interface Refusal {
  status: 401 | 403
  reason: string
}

/** Names under which this machine reaches itself; anything else in `Host` is another site's name bent to our address. */
const OWN_NAME = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/i

/**
 * Judges where a request comes from. The port is not compared, because a tunnel (`ssh -L`) may have another one.
 * @returns null when it may go on
 */
export function refuseOrigin({ headers, rawHeaders }: IncomingMessage): Refusal | null {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  // Of two names, each reader may believe another one (RFC 9112, section 3.2).
  if (hosts.length !== 1 || headers.host === undefined || !OWN_NAME.test(headers.host)) {
    return { status: 403, reason: 'This server answers only as 127.0.0.1 or localhost.' }
  }
  if (
    headers.origin !== undefined &&
    headers.origin.toLowerCase() !== `http://${headers.host.toLowerCase()}`
  ) {
    return { status: 403, reason: 'This server answers only its own page.' }
  }
  return null
}

/** Name of the cookie that stands for the token once a browser has shown it; by port, since cookies are not. */
export function cookieName({ headers }: IncomingMessage): string {
  return `chattermark-${/:(\d+)$/.exec(headers.host ?? '')?.[1] ?? '80'}`
}

/**
 * Looks for the token in the request's cookie, or in its query, and compares it in constant time. Returns null when it
 * may go on.
 */
export function refuseToken(request: IncomingMessage, url: URL, token: string): Refusal | null {
  if (equalsSecret(url.searchParams.get('token'), token) || equalsSecret(cookieOf(request), token))
    return null
  return {
    status: 401,
    reason: 'The token is missing or wrong. Use the whole address that "chattermark serve" printed.'
  }
}

function cookieOf(request: IncomingMessage): string | null {
  const name = cookieName(request)
  for (const pair of (request.headers.cookie ?? '').split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1)
  }
  return null
}
