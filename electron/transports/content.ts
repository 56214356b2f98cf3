import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Message } from '../../shared/plan.ts'

/** Digits of the message number in every Message-ID. */
const SEQ_DIGITS = 10
const SEQ_PLACEHOLDER = '0'.repeat(SEQ_DIGITS)

/** Name of the header that marks every message of a run; its value is the run tag. */
export const RUN_TAG_HEADER = 'X-Chattermark-Run'

/** Bytes that are the same for every message of a run but for the message number, which stands at `seqOffsets`. */
export interface Template {
  readonly bytes: Buffer
  readonly seqOffsets: readonly number[]
}

/** The one message of a plan, composed once, in the forms that the transports need. */
export interface Content {
  readonly message: Message
  /** Marks the run; stands in the Message-ID and in {@link RUN_TAG_HEADER}. Lower-case hex. */
  readonly runTag: string
  readonly date: Date
  readonly text: string
  readonly html: string | null
  readonly attachments: readonly { filename: string; contentType: string; content: Buffer }[]
  /** What stands in the header beside the usual fields: the run tag, and what switches a provider's test mode on. */
  readonly headers: Readonly<Record<string, string>>
  /** The whole RFC 5322 message with CRLF line ends, not dot-stuffed. */
  readonly mime: Template
}

/**
 * Composes the plan’s message. All but its date follows from the plan and the run tag alone.
 * @param runTag lower-case hex, unique for each run and transport
 * @param testHeaders added to the message, e.g. what switches a provider's test mode on
 */
export async function composeContent(
  message: Message,
  runTag: string,
  testHeaders: Readonly<Record<string, string>> = {}
): Promise<Content> {
  const date = new Date()
  const headers = { [RUN_TAG_HEADER]: runTag, ...testHeaders }
  const text = fillerText(message.sizeBytes)
  const html = message.html ? fillerHtml(message.sizeBytes) : null
  const attachments = message.attachments.map(({ filename, sizeBytes }) => ({
    filename,
    contentType: 'application/octet-stream',
    content: fillerBytes(sizeBytes, filename)
  }))
  const composer = new MailComposer({
    from: message.from,
    to: message.to,
    subject: message.subject,
    date,
    messageId: messageId(message, runTag, 0),
    headers,
    text,
    ...(html === null ? {} : { html }),
    attachments: attachments.map(({ filename, contentType, content }) => ({
      filename,
      contentType,
      content
    })),
    newline: '\r\n',
    boundaryPrefix: runTag
  })
  const bytes = await composer.compile().build()
  return { message, runTag, date, text, html, attachments, headers, mime: seqTemplate(bytes, runTag) }
}

/** `<TAG.NUMBER@DOMAIN>`, DOMAIN being the sender's. Needs no escaping beyond its brackets and @ in any body format. */
export function messageId(message: Message, runTag: string, seq: number): string {
  const domain = message.from.slice(message.from.lastIndexOf('@') + 1)
  return `<${runTag}.${String(seq).padStart(SEQ_DIGITS, '0')}@${domain}>`
}

/** Finds where the message number stands in bytes that were made for message 0. */
export function seqTemplate(bytes: Buffer, runTag: string): Template {
  const mark = Buffer.from(`${runTag}.${SEQ_PLACEHOLDER}`)
  const seqOffsets: number[] = []
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) {
    seqOffsets.push(at + runTag.length + 1)
  }
  return { bytes, seqOffsets }
}

/** Writes a message number over the digits at `offset`. */
export function writeSeq(target: Buffer, offset: number, seq: number): void {
  let rest = seq
  for (let at = offset + SEQ_DIGITS - 1; at >= offset; at--) {
    target[at] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

/** Lines that a careless sender would break: a dot at the start, a lone dot, characters beyond ASCII. */
const TELLTALE = [
  '..two dots lead this line',
  '.',
  '.one dot leads this line',
  'Grüße, žluťoučký kůň, 日本語'
].join('\r\n')
const LINE = 'The quick brown fox jumps over the lazy dog; 0123456789 times.'

/** Text of exactly `sizeBytes` UTF-8 bytes in lines of mail length; from 256 bytes on with lines that test transparency. */
export function fillerText(sizeBytes: number): string {
  const start = sizeBytes >= 256 ? `${TELLTALE}\r\n` : ''
  return start + repeatedLines(sizeBytes - Buffer.byteLength(start))
}

function fillerHtml(sizeBytes: number): string {
  const [open, close] = ['<!doctype html><html><body><pre>\r\n', '</pre></body></html>']
  return open + repeatedLines(Math.max(0, sizeBytes - open.length - close.length)) + close
}

function repeatedLines(sizeBytes: number): string {
  const line = `${LINE}\r\n`
  return line
    .repeat(Math.ceil(sizeBytes / line.length))
    .slice(0, sizeBytes)
    .replace(/\r$/, '.')
}

/** Bytes that look random and do not compress, the same on every machine. */
function fillerBytes(sizeBytes: number, name: string): Buffer {
  const block = Buffer.alloc(Math.ceil(sizeBytes / 32) * 32)
  for (let at = 0; at < block.length; at += 32) {
    createHash('sha256').update(`${name}:${at}`).digest().copy(block, at)
  }
  return block.subarray(0, sizeBytes)
}
