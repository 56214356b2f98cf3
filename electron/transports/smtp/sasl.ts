import { createHmac } from 'node:crypto'

/** PLAIN (RFC 4616), base64. The authorization identity stays empty: the server derives it. */
export function plainResponse(user: string, password: string): string {
  return base64(`\0${user}\0${password}`)
}

/** Answer to a CRAM-MD5 challenge (RFC 2195), both base64. */
export function cramMd5Response(user: string, password: string, challenge: string): string {
  const digest = createHmac('md5', password).update(Buffer.from(challenge, 'base64')).digest('hex')
  return base64(`${user} ${digest}`)
}

/** The digest in an answer to a CRAM-MD5 challenge, hexadecimal. */
export function digestIn(answer: string): string {
  return /[0-9a-f]*$/.exec(Buffer.from(answer, 'base64').toString('utf8'))?.[0] ?? ''
}

/** XOAUTH2 as Google and Microsoft document it, base64. */
export function xoauth2Response(user: string, token: string): string {
  return base64(`user=${user}\x01auth=Bearer ${token}\x01\x01`)
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
