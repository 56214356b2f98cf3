import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

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
export function refuseOrigin({ headers }: IncomingMessage): Refusal | null {
  if (headers.host === undefined || !OWN_NAME.test(headers.host)) {
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

/** Compares the `token` of the request's query in constant time. Returns null when it may go on. */
export function refuseToken(url: URL, token: string): Refusal | null {
  if (isSecret(url.searchParams.get('token'), token)) return null
  return {
    status: 401,
    reason: 'The token is missing or wrong. Use the whole address that "chattermark serve" printed.'
  }
}

/** Compares in a time that says nothing of where the texts differ. */
export function isSecret(given: string | null, secret: string): boolean {
  return timingSafeEqual(digest(given ?? ''), digest(secret))
}

/** Equal lengths, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
