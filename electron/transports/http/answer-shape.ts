const QUOTE = 0x22
const BACKSLASH = 0x5c
/** An API whose answers differ elsewhere, too, is given up after so many. */
const MOST_MISSES = 20
const NOTHING = Buffer.alloc(0)

/**
 * What the accepted answers of an API have in common: all their bytes but those of the message id. One of the same shape
 * says the same, so that it need not be parsed: a benchmark hears it millions of times.
 */
export class AnswerShape {
  #before = NOTHING
  #behind = NOTHING
  #misses = 0

  /** Takes the shape of an answer that was parsed, and whose message id stands in it once and plainly. */
  learn(body: Buffer, id: string): void {
    if (++this.#misses > MOST_MISSES) return
    const quoted = Buffer.from(`"${id}"`)
    const at = body.indexOf(quoted)
    // Whatever is escaped may stand for the id elsewhere.
    const isPlain = /^[\x20-\x7e]+$/.test(id) && !id.includes('"') && !body.includes(BACKSLASH)
    if (!isPlain || at === -1 || body.indexOf(quoted, at + 1) !== -1) return
    this.#before = Buffer.from(body.subarray(0, at + 1))
    this.#behind = Buffer.from(body.subarray(at + quoted.length - 1))
  }

  /** Whether an answer is the one that was learnt, but for a message id that is not empty. */
  fits(body: Buffer): boolean {
    const before = this.#before
    const behind = this.#behind
    const idEnd = body.length - behind.length
    if (before.length === 0 || idEnd <= before.length) return false
    for (let at = 0; at < before.length; at++) if (body[at] !== before[at]) return false
    for (let at = 0; at < behind.length; at++) if (body[idEnd + at] !== behind[at]) return false
    for (let at = before.length; at < idEnd; at++) {
      const byte = body[at]!
      if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false
    }
    this.#misses = 0
    return true
  }
}
