/** What {@link ReplyParser.next} answers when there is no complete reply. */
export const INCOMPLETE = -1
/** Not an SMTP reply (RFC 5321 section 4.2). */
export const MALFORMED = -2
/** A reply without end. */
export const TOO_LONG = -3

/** Bytes and lines that one reply may have; real ones stay far below. */
export const MAX_REPLY_BYTES = 64 * 1024
export const MAX_REPLY_LINES = 500

const LF = 10
const CR = 13
const SPACE = 32
const DASH = 45
const DOT = 46
const ZERO = 48
const NOTHING = new Uint8Array(0)
const LINE_END = Uint8Array.of(LF)

/**
 * Finds SMTP replies in bytes as they come: split anywhere, or many in one chunk. A reply that lies whole within
 * its chunk is read in place; only what a chunk leaves unfinished is copied. Text is made on demand alone.
 */
export class ReplyParser {
  /** Code of the latest complete reply. */
  code = 0
  /** Its length in bytes. */
  length = 0
  /** Where it lies; valid until the next call of {@link next}. */
  #bytes: Uint8Array = NOTHING
  #start = 0
  #end = 0
  /** Start of an unfinished reply. */
  #held: Uint8Array = NOTHING
  #heldLength = 0
  #column = 0
  #lines = 0
  #lineCode = 0
  #isLastLine = true

  /**
   * Reads on from `at`; gives the offset behind the next complete reply, which `code` and the text methods then
   * describe, or INCOMPLETE, MALFORMED or TOO_LONG. After the last two the connection is of no more use.
   */
  next(chunk: Uint8Array, at: number, end: number): number {
    let column = this.#column
    for (let index = at; index < end; index++) {
      const byte = chunk[index]!
      if (byte === LF) {
        if (column < 3) return MALFORMED
        if (this.#isLastLine) {
          if (this.#lineCode !== this.code && this.#lines > 0) return MALFORMED
          this.code = this.#lineCode
          return this.#complete(chunk, at, index + 1)
        }
        if (this.#lines === 0) this.code = this.#lineCode
        else if (this.#lineCode !== this.code) return MALFORMED
        this.#lines++
        if (this.#lines >= MAX_REPLY_LINES) return TOO_LONG
        this.#lineCode = 0
        this.#isLastLine = true
        column = 0
        continue
      }
      if (column < 3) {
        const digit = byte - ZERO
        if (digit < 0 || digit > 9 || (column === 0 && (digit < 2 || digit > 5))) return MALFORMED
        this.#lineCode = this.#lineCode * 10 + digit
      } else if (column === 3) {
        if (byte === DASH) this.#isLastLine = false
        else if (byte !== SPACE && byte !== CR) return MALFORMED
      }
      column++
    }
    this.#column = column
    return this.#hold(chunk, at, end) ? INCOMPLETE : TOO_LONG
  }

  /** Bytes of an unfinished reply are waiting for more. */
  get isMidReply(): boolean {
    return this.#heldLength > 0
  }

  /** The latest reply as it came, up to its last line end. */
  text(): string {
    return this.#text(this.#start)
  }

  /** The lines of the latest reply without their line ends. Control characters and all. */
  lines(): string[] {
    return this.text()
      .split('\n')
      .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  }

  /**
   * Takes a refusal whose last line was not ended for whole: a peer may close right behind it. Anything else that is cut
   * off is no reply: half of a consent may have been the start of something else.
   */
  finish(): boolean {
    return this.isMidReply && this.next(LINE_END, 0, LINE_END.length) > 0 && this.code >= 400
  }

  /** The latest reply on one line: its first line, code included, then the texts of the others. */
  summary(): string {
    return replySummary(this.lines())
  }

  /** The last line of the latest reply, code included. */
  lastLine(): string {
    const line = this.#text(this.#lastLineStart())
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }

  /** Code and enhanced status code (RFC 3463) of the first line as in `450 4.2.1`, or the code alone. */
  status(): string {
    let at = this.#start + 4
    // A reply may end right behind its code; from here on its line end stops every search for digits.
    if (at >= this.#end) return statusText(this.code, 0, 0, 0)
    let key = 0
    for (let part = 0; part < 3; part++) {
      let value = 0
      const first = at
      while (at - first < 3 && isDigit(this.#bytes[at]!)) value = value * 10 + this.#bytes[at++]! - ZERO
      if (at === first || (part < 2 && this.#bytes[at++] !== DOT)) return statusText(this.code, 0, 0, 0)
      key = key * 1000 + value
    }
    if (isDigit(this.#bytes[at]!)) return statusText(this.code, 0, 0, 0)
    return statusText(this.code, Math.floor(key / 1_000_000), Math.floor(key / 1000) % 1000, key % 1000)
  }

  #lastLineStart(): number {
    const before = this.#bytes.lastIndexOf(LF, this.#end - 2)
    return before < this.#start ? this.#start : before + 1
  }

  #text(from: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, this.#end - 1 - from).toString(
      'utf8'
    )
  }

  #complete(chunk: Uint8Array, at: number, end: number): number {
    if (this.#heldLength === 0) {
      this.#bytes = chunk
      this.#start = at
      this.#end = end
    } else {
      if (!this.#hold(chunk, at, end)) return TOO_LONG
      this.#bytes = this.#held
      this.#start = 0
      this.#end = this.#heldLength
    }
    this.length = this.#end - this.#start
    this.#heldLength = 0
    this.#column = 0
    this.#lines = 0
    this.#lineCode = 0
    this.#isLastLine = true
    return end
  }

  #hold(chunk: Uint8Array, at: number, end: number): boolean {
    const length = this.#heldLength + end - at
    if (length > MAX_REPLY_BYTES) return false
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(MAX_REPLY_BYTES, Math.max(1024, 2 * length)))
      larger.set(this.#held.subarray(0, this.#heldLength))
      this.#held = larger
    }
    this.#held.set(chunk.subarray(at, end), this.#heldLength)
    this.#heldLength = length
    return true
  }
}

/** What makes a text no SMTP reply, in words: the first line that begins like none, or that has another code. */
export function oddLine(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  const [first = ''] = lines
  const at = lines.findIndex(
    (line) => !/^[2-5]\d\d(?:[ -]|$)/.test(line) || line.slice(0, 3) !== first.slice(0, 3)
  )
  const odd = lines[at] === '' ? 'an empty line' : (lines[at] ?? first)
  return at > 0 ? `${odd} (behind ${lines[at - 1] ?? ''})` : odd
}

/** The lines of a reply on one line: the first with its code, then the texts of the others. */
export function replySummary(lines: readonly string[]): string {
  const [first = '', ...others] = lines
  if (others.length === 0) return first
  const status = /^[245]\.\d{1,3}\.\d{1,3} /.exec(first.slice(4))?.[0] ?? ''
  const texts = others
    .map((line) => line.slice(4))
    .map((text) => (status !== '' && text.startsWith(status) ? text.slice(status.length) : text))
  return [`${first.slice(0, 3)} ${first.slice(4)}`, ...texts.filter((text) => text.trim() !== '')].join(' ')
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9
}

/** A peer uses a handful of codes; their texts are made once. Bounded, because a hostile one could invent millions. */
const statusTexts = new Map<number, string>()
const MAX_STATUS_TEXTS = 1000

function statusText(code: number, first: number, second: number, third: number): string {
  const key = ((code * 1000 + first) * 1000 + second) * 1000 + third
  const known = statusTexts.get(key)
  if (known !== undefined) return known
  const text = first === 0 ? String(code) : `${code} ${first}.${second}.${third}`
  if (statusTexts.size < MAX_STATUS_TEXTS) statusTexts.set(key, text)
  return text
}
