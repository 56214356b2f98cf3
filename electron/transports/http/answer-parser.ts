/** Bytes that the heads of one answer, interim ones and trailers included, may have. */
export const MAX_HEAD_BYTES = 65_536
/** Bytes that a body may have, kept or not: no API has so much to say about one message. */
export const MAX_BODY_BYTES = 1024 * 1024
/** Bytes of a body that are kept. */
export const MAX_KEPT_BYTES = 65_536
const MAX_CHUNK_LINE_BYTES = 4096

const LF = 10
const CR = 13
const SPACE = 32
const COMMA = 44
const COLON = 58

type State =
  'head' | 'fixed' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done'

/**
 * Parser of HTTP/1.1 answers (RFC 9112) from bytes in any pieces. One object serves all answers of a connection:
 * {@link AnswerParser.reset} makes it ready for the next one; what it keeps of an answer lies in buffers that the next
 * one overwrites. Interim answers (1xx) are passed over.
 */
export class AnswerParser {
  /** Status of the final answer; 0 until its head is complete. */
  status = 0
  /** The connection may carry another request after this answer. */
  reusable = false
  /** What is wrong with the answer; null while it makes sense. */
  fault: string | null = null

  #state: State = 'head'
  #pending: Buffer = Buffer.alloc(0)
  #pendingBytes = 0
  #headBytes = 0
  #left = 0
  #bodyBytes = 0
  #lineBytes = 0
  #lineDigits = 0
  #inExtension = false
  #sawCr = false
  #kept: Buffer = Buffer.alloc(0)
  #keptBytes = 0
  /** The part of `kept` that is filled; answers of one length share it. */
  #body: Buffer = Buffer.alloc(0)
  #bodyOf: Buffer = this.#body
  #head: Buffer = Buffer.alloc(0)
  #headLength = 0

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Nothing of the final answer was heard yet: at the start, or behind an interim answer. */
  get awaitsHead(): boolean {
    return this.#state === 'head' && this.#pendingBytes === 0
  }

  /** The final answer's head as text; null before it is whole. */
  get head(): string | null {
    return this.#headLength === 0 ? null : this.#head.toString('latin1', 0, this.#headLength)
  }

  /** The start of the body as it came, valid until {@link reset}. */
  get body(): Buffer {
    if (this.#body.length !== this.#keptBytes || this.#bodyOf !== this.#kept) {
      this.#body = this.#kept.subarray(0, this.#keptBytes)
      this.#bodyOf = this.#kept
    }
    return this.#body
  }

  reset(): void {
    this.status = 0
    this.reusable = false
    this.fault = null
    this.#headLength = 0
    this.#state = 'head'
    this.#pendingBytes = 0
    this.#headBytes = 0
    this.#bodyBytes = 0
    this.#keptBytes = 0
  }

  /**
   * Reads on until the answer is complete, a fault is found or the bytes end.
   * @returns how many bytes belong to the answer; what follows them nobody asked for
   */
  feed(bytes: Buffer, length: number): number {
    let at = 0
    while (at < length && this.#state !== 'done' && this.fault === null) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(bytes, at, length)
          break
        case 'fixed':
        case 'chunk-data':
        case 'until-close':
          at = this.#readBody(bytes, at, length)
          break
        case 'chunk-size':
          at = this.#readChunkSize(bytes, at, length)
          break
        case 'chunk-end':
          at = this.#readChunkEnd(bytes, at)
          break
        case 'trailers':
          at = this.#readTrailers(bytes, at, length)
          break
      }
    }
    return at
  }

  /** Tells the parser that the peer has ended: completes a body that lasts until the close. */
  end(): void {
    if (this.#state === 'until-close') this.#state = 'done'
  }

  #readHead(bytes: Buffer, from: number, length: number): number {
    if (this.#pendingBytes === 0) {
      // A line end too many behind the answer before: of no meaning, and no reason to give up the connection.
      if (bytes[from] === CR || bytes[from] === LF) {
        if (++this.#headBytes > MAX_HEAD_BYTES) return this.#fail(length, headTooLong())
        return from + 1
      }
      const end = headEnd(bytes, from, from, length)
      if (end !== -1) {
        this.#headBytes += end - from
        if (this.#headBytes > MAX_HEAD_BYTES) return this.#fail(length, headTooLong())
        this.#parseHead(bytes, from, end)
        return end
      }
    }
    // The head comes in pieces: gather it, looking for its end from where the last piece may have cut it.
    const start = this.#pendingBytes
    const piece = Math.min(length - from, MAX_HEAD_BYTES + 1 - this.#headBytes)
    this.#pending = roomFor(this.#pending, start, start + piece)
    bytes.copy(this.#pending, start, from, from + piece)
    this.#pendingBytes += piece
    const end = headEnd(this.#pending, Math.max(0, start - 3), 0, this.#pendingBytes)
    if (end === -1) {
      this.#headBytes += piece
      if (this.#headBytes > MAX_HEAD_BYTES) return this.#fail(length, headTooLong())
      if (!looksLikeHttp(this.#pending, 0, this.#pendingBytes))
        return this.#fail(length, notHttp(this.#pending, 0))
      return from + piece
    }
    this.#headBytes += end - start
    this.#pendingBytes = 0
    this.#parseHead(this.#pending, 0, end)
    return from + (end - start)
  }

  #parseHead(bytes: Buffer, from: number, end: number): void {
    const version = httpVersion(bytes, from, end)
    const status = statusCode(bytes, from + 9)
    if (version === -1 || status === -1) {
      this.fault = notHttp(bytes, from)
      return
    }
    let keepAlive = version === 1
    let closes = false
    let contentLength = -1
    let chunked = false
    let line = nextLine(bytes, from, end)
    while (line < end) {
      const next = nextField(bytes, line, end)
      if (hasBlankBeforeColon(bytes, line, next)) {
        this.fault = `a blank stands before a header's colon (RFC 9112, section 5.1): ${show(bytes, line, next)}`
        return
      }
      switch (knownHeader(bytes, line)) {
        case CONTENT_LENGTH: {
          const value = decimal(bytes, line + 15, next)
          if (value === -1 || (contentLength !== -1 && contentLength !== value)) {
            this.fault = `its Content-Length makes no sense: ${show(bytes, line, next)}`
            return
          }
          contentLength = value
          break
        }
        case TRANSFER_ENCODING:
          if (valueText(bytes, line + 18, next) !== 'chunked') {
            this.fault = `its transfer coding is unknown: ${show(bytes, line, next)}`
            return
          }
          chunked = true
          break
        case CONNECTION: {
          if (isValue(bytes, line + 11, next, KEEP_ALIVE)) {
            keepAlive = true
            break
          }
          const options = valueText(bytes, line + 11, next).split(/\s*,\s*/)
          if (options.includes('close')) closes = true
          else if (options.includes('keep-alive')) keepAlive = true
          break
        }
      }
      line = next
    }
    if (status < 200) {
      if (status === 101) this.fault = '101: it switches to a protocol that nobody asked for'
      return
    }
    if (chunked && contentLength !== -1) {
      this.fault = 'it has both Content-Length and Transfer-Encoding (RFC 9112, section 6.3)'
      return
    }
    this.status = status
    // HTTP/1.0 knows no transfer coding: what follows such an answer cannot be trusted (RFC 9112, section 6.1).
    this.reusable = keepAlive && !closes && (version === 1 || !chunked)
    this.#head = roomFor(this.#head, 0, end - from)
    this.#headLength = bytes.copy(this.#head, 0, from, end)
    if (status === 204 || status === 304) this.#state = 'done'
    else this.#startBody(contentLength, chunked)
  }

  #startBody(contentLength: number, chunked: boolean): void {
    if (chunked) this.#startChunkLine()
    else if (contentLength === 0) this.#state = 'done'
    else if (contentLength > MAX_BODY_BYTES) this.fault = bodyTooLong()
    else if (contentLength > 0) {
      this.#left = contentLength
      this.#state = 'fixed'
    } else {
      this.reusable = false
      this.#left = Infinity
      this.#state = 'until-close'
    }
  }

  #readBody(bytes: Buffer, from: number, length: number): number {
    const piece = Math.min(length - from, this.#left)
    this.#bodyBytes += piece
    if (this.#bodyBytes > MAX_BODY_BYTES) return this.#fail(length, bodyTooLong())
    if (this.#keptBytes < MAX_KEPT_BYTES) {
      const end = Math.min(MAX_KEPT_BYTES, this.#keptBytes + piece)
      this.#kept = roomFor(this.#kept, this.#keptBytes, end)
      bytes.copy(this.#kept, this.#keptBytes, from, from + (end - this.#keptBytes))
      this.#keptBytes = end
    }
    this.#left -= piece
    if (this.#left === 0) {
      this.#state = this.#state === 'fixed' ? 'done' : 'chunk-end'
      this.#sawCr = false
    }
    return from + piece
  }

  #startChunkLine(): void {
    this.#state = 'chunk-size'
    this.#left = 0
    this.#lineBytes = 0
    this.#lineDigits = 0
    this.#inExtension = false
    this.#sawCr = false
  }

  /** `chunk-size [chunk-ext] CRLF` (RFC 9112, section 7.1). */
  #readChunkSize(bytes: Buffer, from: number, length: number): number {
    for (let at = from; at < length; at++) {
      const byte = bytes[at]!
      if (byte === LF) {
        if (this.#lineDigits === 0) return this.#fail(length, 'a chunk has no size')
        if (this.#left > 0) this.#state = 'chunk-data'
        else {
          this.#state = 'trailers'
          this.#lineBytes = 0
        }
        return at + 1
      }
      if (this.#sawCr) return this.#fail(length, 'a chunk size is not ended by CRLF')
      if (++this.#lineBytes > MAX_CHUNK_LINE_BYTES) return this.#fail(length, 'a chunk extension has no end')
      const digit = this.#inExtension ? -1 : hexDigit(byte)
      if (digit !== -1) {
        this.#lineDigits++
        this.#left = this.#left * 16 + digit
        if (this.#left > MAX_BODY_BYTES) return this.#fail(length, bodyTooLong())
      } else if (byte === CR) this.#sawCr = true
      else if (this.#inExtension || (this.#lineDigits > 0 && (byte === 59 || byte === SPACE || byte === 9))) {
        this.#inExtension = true
      } else return this.#fail(length, 'a chunk size is no number')
    }
    return length
  }

  #readChunkEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at]!
    if (byte === CR && !this.#sawCr) {
      this.#sawCr = true
      return at + 1
    }
    if (byte !== LF) return this.#fail(at, 'a chunk is longer than the size it gave')
    this.#startChunkLine()
    return at + 1
  }

  #readTrailers(bytes: Buffer, from: number, length: number): number {
    for (let at = from; at < length; at++) {
      const byte = bytes[at]!
      if (++this.#headBytes > MAX_HEAD_BYTES) return this.#fail(length, headTooLong())
      if (byte === LF) {
        if (this.#lineBytes === 0) {
          this.#state = 'done'
          return at + 1
        }
        this.#lineBytes = 0
      } else if (byte !== CR) this.#lineBytes++
    }
    return length
  }

  #fail(at: number, fault: string): number {
    this.fault = fault
    return at
  }
}

const CONTENT_LENGTH = 1
const TRANSFER_ENCODING = 2
const CONNECTION = 3
const NAMES = ['content-length', 'transfer-encoding', 'connection'].map((name) => Buffer.from(`${name}:`))

/** Which of the headers that frame an answer a line holds; 0 for any other. */
function knownHeader(bytes: Buffer, line: number): number {
  const first = bytes[line]! | 0x20
  if (first === 99) {
    const third = bytes[line + 3]! | 0x20
    if (third === 116) return isNamed(bytes, line, NAMES[0]!) ? CONTENT_LENGTH : 0
    return third === 110 && isNamed(bytes, line, NAMES[2]!) ? CONNECTION : 0
  }
  return first === 116 && isNamed(bytes, line, NAMES[1]!) ? TRANSFER_ENCODING : 0
}

function isNamed(bytes: Buffer, line: number, name: Buffer): boolean {
  const colon = name.length - 1
  for (let at = 0; at < colon; at++) {
    const byte = bytes[line + at]!
    if ((byte | 0x20) !== name[at] && byte !== name[at]) return false
  }
  return bytes[line + colon] === COLON
}

const KEEP_ALIVE = Buffer.from('keep-alive\r\n')

/** Whether a header's value is just that, as nearly every peer writes it. */
function isValue(bytes: Buffer, from: number, end: number, value: Buffer): boolean {
  const first = bytes[from] === SPACE ? from + 1 : from
  if (end - first !== value.length) return false
  for (let at = 0; at < value.length; at++) if (bytes[first + at] !== value[at]) return false
  return true
}

/** A blank between a header's name and its colon: readers differ on what that means (RFC 9112 section 5.1). */
function hasBlankBeforeColon(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (byte === COLON) return at > from && (bytes[at - 1] === SPACE || bytes[at - 1] === 9)
    if (byte === LF) return false
  }
  return false
}

/** Where the line after this one starts; `end` at the latest. */
function nextLine(bytes: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== LF) at++
  return at + 1
}

/** Where the header after this one starts: a line that begins with a blank goes on with the one before (RFC 9112 section 5.2). */
function nextField(bytes: Buffer, from: number, end: number): number {
  let at = nextLine(bytes, from, end)
  while (at < end && (bytes[at] === SPACE || bytes[at] === 9)) at = nextLine(bytes, at, end)
  return at
}

/** Index behind the empty line that ends a head which starts at `start`, searched from `from`; -1 when there is none yet. */
function headEnd(bytes: Buffer, from: number, start: number, length: number): number {
  for (let at = Math.max(from, start + 1); at < length; at++) {
    if (bytes[at] !== LF) continue
    if (bytes[at - 1] === LF) return at + 1
    if (bytes[at - 1] === CR && at - 2 >= start && bytes[at - 2] === LF) return at + 1
  }
  return -1
}

const HTTP_1 = Buffer.from('HTTP/1.')

/** The minor version of `HTTP/1.x `; -1 when the bytes are no status line. */
function httpVersion(bytes: Buffer, from: number, end: number): number {
  if (end - from < 13 || !looksLikeHttp(bytes, from, end)) return -1
  const minor = bytes[from + 7]! - 48
  return minor >= 0 && minor <= 9 && bytes[from + 8] === SPACE ? Math.min(minor, 1) : -1
}

function looksLikeHttp(bytes: Buffer, from: number, end: number): boolean {
  const length = Math.min(end - from, HTTP_1.length)
  for (let at = 0; at < length; at++) if (bytes[from + at] !== HTTP_1[at]) return false
  return true
}

/** The status of three digits at a place; -1 when it is none. */
function statusCode(bytes: Buffer, at: number): number {
  let status = 0
  for (let place = at; place < at + 3; place++) {
    const digit = bytes[place]! - 48
    if (digit < 0 || digit > 9) return -1
    status = status * 10 + digit
  }
  const after = bytes[at + 3]
  return status >= 100 && (after === SPACE || after === CR || after === LF) ? status : -1
}

/** A header's value of digits only, or of the same digits several times (RFC 9110 section 8.6); -1 for anything else. */
function decimal(bytes: Buffer, from: number, end: number): number {
  let value = 0
  let digits = 0
  let closed = false
  let before = -1
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= 48 && byte <= 57) {
      if (closed || ++digits > 15) return -1
      value = value * 10 + byte - 48
    } else if (byte === COMMA) {
      if (digits === 0 || (before !== -1 && before !== value)) return -1
      before = value
      value = digits = 0
      closed = false
    } else if (byte === SPACE || byte === 9 || byte === CR || byte === LF) closed = digits > 0
    else return -1
  }
  return digits === 0 || (before !== -1 && before !== value) ? -1 : value
}

function valueText(bytes: Buffer, from: number, end: number): string {
  return bytes
    .toString('latin1', from, end)
    .replace(/\r?\n[ \t]+/g, ' ')
    .trim()
    .toLowerCase()
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** A buffer of at least `needed` bytes that starts with the used ones of this one: itself when it is large enough. */
export function roomFor(buffer: Buffer, used: number, needed: number): Buffer {
  if (needed <= buffer.length) return buffer
  const larger = Buffer.allocUnsafe(Math.max(1024, needed, buffer.length * 2))
  buffer.copy(larger, 0, 0, used)
  return larger
}

function show(bytes: Buffer, from: number, end: number): string {
  return JSON.stringify(bytes.toString('latin1', from, Math.min(end, from + 100)).trim())
}

const SMTP_GREETING = Buffer.from('220')
function notHttp(bytes: Buffer, at: number): string {
  const isSmtp =
    bytes.subarray(at, at + 3).equals(SMTP_GREETING) &&
    [' ', '-'].includes(String.fromCharCode(bytes[at + 3] ?? 0))
  return `it does not start like HTTP/1.1${isSmtp ? '; an SMTP server answers there' : ''}`
}
const headTooLong = (): string => `its headers are longer than ${MAX_HEAD_BYTES} bytes`
const bodyTooLong = (): string => `its body is longer than ${MAX_BODY_BYTES} bytes`
