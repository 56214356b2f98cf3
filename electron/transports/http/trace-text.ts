import { redactor } from '../redact.ts'
import type { Header, HttpRequest } from './request.ts'

/** Characters of a body that a transcript shows. */
const SHOWN_CHARACTERS = 400
/** Bytes of a request's body that are looked at for that. */
const SEARCHED_BYTES = 65_536

/** A request as a transcript shows it: first line, headers with secrets masked, the body cut. */
export function requestText(request: HttpRequest, headers: readonly Header[], body: Buffer): string {
  const shown = headers.map(([name, value]) => `${name}: ${isSecret(name) ? '***' : value}`)
  const head = [`${request.method} ${request.path}`, `Host: ${request.authority}`, ...shown].join('\r\n')
  return shownText(request, head, body.toString('utf8', 0, SEARCHED_BYTES), body.length)
}

/** An answer as a transcript shows it. */
export function answerText(request: HttpRequest, head: string, body: string): string {
  return shownText(request, head.trimEnd(), body, body.length)
}

/** Whether a header's value must not be seen. */
export function isSecret(header: string): boolean {
  return /authorization|token|key|secret|password|cookie/i.test(header)
}

/** Secrets go before the body is cut: half of one would not be found. */
function shownText(request: HttpRequest, head: string, body: string, length: number): string {
  const redact = redactor(request.secrets)
  const shown = redact(body)
  const cut =
    shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)} … (${length} bytes in all)` : shown
  return `${redact(head)}\r\n\r\n${cut}`
}
