import type { Message } from '../../../shared/plan/plan.ts'
import { envelopeAddress } from '../ascii-domain.ts'
import type { Extensions } from './extensions.ts'

/** EHLO, or HELO for a server that knows nothing newer, with the client's name. */
export function hello(verb: 'EHLO' | 'HELO', name: string): Buffer {
  return Buffer.from(`${verb} ${name}\r\n`)
}

export const STARTTLS = Buffer.from('STARTTLS\r\n')
export const DATA = Buffer.from('DATA\r\n')
export const RSET = Buffer.from('RSET\r\n')
export const QUIT = Buffer.from('QUIT\r\n')
/** Ends a content that a server asked for although it had refused every recipient (RFC 2920 section 3.1). */
export const EMPTY_CONTENT = Buffer.from('.\r\n')

/** The commands of one transaction as bytes, made once for each way a server may talk. */
export interface Commands {
  readonly mail: Buffer
  readonly rcpt: readonly Buffer[]
  /** MAIL and every RCPT in one. */
  readonly envelope: Buffer
  /** The same and DATA. */
  readonly envelopeAndData: Buffer
  /** BDAT for the whole content (RFC 3030). */
  readonly bdat: Buffer
}

/** @param contentBytes length of the message before dot-stuffing */
export function buildCommands(message: Message, extensions: Extensions, contentBytes: number): Commands {
  const parameters = [
    ...(extensions.size ? [`SIZE=${contentBytes}`] : []),
    ...(extensions.eightBitMime ? ['BODY=8BITMIME'] : []),
    ...(extensions.smtpUtf8 && needsSmtpUtf8(message) ? ['SMTPUTF8'] : [])
  ]
  const mail = Buffer.from(`${[`MAIL FROM:<${envelopeAddress(message.from)}>`, ...parameters].join(' ')}\r\n`)
  const rcpt = message.to.map((recipient) => Buffer.from(`RCPT TO:<${envelopeAddress(recipient)}>\r\n`))
  const envelope = Buffer.concat([mail, ...rcpt])
  return {
    mail,
    rcpt,
    envelope,
    envelopeAndData: Buffer.concat([envelope, DATA]),
    bdat: Buffer.from(`BDAT ${contentBytes} LAST\r\n`)
  }
}

/** A local part outside ASCII cannot be said without SMTPUTF8 (RFC 6531). */
export function needsSmtpUtf8(message: Message): boolean {
  return [message.from, ...message.to].some((mailbox) => /[^\x20-\x7e]/.test(envelopeAddress(mailbox)))
}
