import { writeSeq } from '../content.ts'

/** Up to this size a lane has its own copy of the bytes, in one piece; above, lanes share all but the digits. */
const OWN_COPY_BYTES = 65_536
const SEQ_DIGITS = 10

/** Bytes that a lane writes again and again with another message number in them. */
export class SeqBytes {
  /** What to write, in this order. */
  readonly pieces: readonly Buffer[]
  readonly length: number
  readonly #places: readonly { piece: Buffer; offset: number }[]

  constructor(bytes: Buffer, seqOffsets: readonly number[]) {
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
