import { createCipheriv, createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type ComposerClass from 'nodemailer/lib/mail-composer'
import { domainOf, headerFrom } from '../../shared/plan/mailbox.ts'
import type { Message } from '../../shared/plan/plan.ts'
import { ID_HEADER } from '../../shared/providers/provider.ts'
import { asciiDomain } from './ascii-domain.ts'
import { SEQ_DIGITS, seqTemplate, type Template } from './numbered-bytes.ts'

// As CommonJS: the ES module imports Node's `http`, and node-http.ts says what that costs.
const MailComposer = createRequire(import.meta.url)('nodemailer/lib/mail-composer') as typeof ComposerClass

/** Name of the header that marks every message of a run; its value is the run tag. */
export const RUN_TAG_HEADER = 'X-Chattermark-Run'

/** The one message of a plan, composed once, in the forms that the transports need. */
export interface Content {
  readonly message: Message
  /** Marks the run; stands in the Message-ID and in {@link RUN_TAG_HEADER}. Lower-case hex. */
  readonly runTag: string
  readonly date: Date
  readonly text: string
  readonly html: string | null
  readonly attachments: readonly { filename: string; contentType: string; content: Buffer }[]
  /** What stands in the header beside the usual fields: the run tag, the message's own number (0 here), and what switches a provider's test mode on. */
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
  const headers = { [RUN_TAG_HEADER]: runTag, [ID_HEADER]: messageId(message, runTag, 0), ...testHeaders }
  const text = fillerText(message.sizeBytes)
  const html = message.html ? fillerHtml(message.sizeBytes) : null
  const attachments = message.attachments.map(({ filename, sizeBytes }) => ({
    filename,
    contentType: 'application/octet-stream',
    content: fillerBytes(sizeBytes, filename)
  }))
  const composer = new MailComposer({
    from: { name: '', address: headerFrom(message.from) },
    to: message.to.map((address) => ({ name: '', address })),
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

/** `<TAG.NUMBER@DOMAIN>`, DOMAIN being the sender's, in ASCII. Needs no escaping beyond its brackets and @ in any body format. */
export function messageId(message: Message, runTag: string, seq: number): string {
  const domain = asciiDomain(domainOf(message.from))
  return `<${runTag}.${String(seq).padStart(SEQ_DIGITS, '0')}@${domain}>`
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
function fillerText(sizeBytes: number): string {
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
  const key = createHash('sha256').update(name).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}
