/** Digits of the message number in every Message-ID. */
export const SEQ_DIGITS = 10
const SEQ_PLACEHOLDER = '0'.repeat(SEQ_DIGITS)
/** Up to this size a lane has its own copy of the bytes, in one piece; above, lanes share all but the digits. */
const OWN_COPY_BYTES = 65_536

/** Bytes that are the same for every message of a run but for the message number, which stands at `seqOffsets`. */
export interface Template {
  readonly bytes: Buffer
  readonly seqOffsets: readonly number[]
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

/**
 * A lane's own copy of a template, written again and again with another number in it. Must not be changed before all of
 * it has left.
 */
export class NumberedBytes {
  /** What to write, in this order. */
  readonly pieces: readonly Buffer[]
  readonly length: number
  readonly #places: readonly { piece: Buffer; offset: number }[]

  constructor({ bytes, seqOffsets }: Template) {
    this.length = bytes.length
    if (bytes.length <= OWN_COPY_BYTES) {
      const piece = Buffer.from(bytes)
      this.pieces = [piece]
      this.#places = seqOffsets.map((offset) => ({ piece, offset }))
      return
    }
    const pieces: Buffer[] = []
    const places: { piece: Buffer; offset: number }[] = []
    let at = 0
    for (const offset of seqOffsets) {
      const piece = Buffer.alloc(SEQ_DIGITS)
      pieces.push(bytes.subarray(at, offset), piece)
      places.push({ piece, offset: 0 })
      at = offset + SEQ_DIGITS
    }
    pieces.push(bytes.subarray(at))
    this.pieces = pieces
    this.#places = places
  }

  /** Puts a message number in. */
  number(seq: number): void {
    for (const { piece, offset } of this.#places) writeSeq(piece, offset, seq)
  }
}
