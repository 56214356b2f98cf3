import { ConnectionFault, StreamFault } from './faults.ts'
import { decodeHuffman } from './huffman.ts'
import { type Field, STATIC_TABLE } from './static-table.ts'

/** What a header adds to the size of a list beside its name and value (RFC 9113, section 6.5.2). */
const FIELD_OVERHEAD_BYTES = 32
/** A number that takes more than this is no length or index of anything that is sent here. */
const MAX_INTEGER = 2 ** 28

const HUFFMAN = 0x80
const INDEXED = 0x80
const LITERAL_INDEXED = 0x40
const SIZE_UPDATE = 0x20
const NEVER_INDEXED = 0x10

/**
 * Encodes headers (RFC 7541) without touching the dynamic table: the block is the same bytes for every request. It
 * starts with a table size of 0, which holds whatever size the peer may have set (section 4.2).
 * @param isSecret tells the headers that nobody on the way may index either (section 7.1.3)
 */
export function encodeFields(fields: readonly Field[], isSecret: (name: string) => boolean): Buffer {
  const bytes = [SIZE_UPDATE]
  for (const [name, value] of fields) {
    const whole = STATIC_TABLE.findIndex(([known, its]) => known === name && its === value)
    if (whole !== -1) {
      writeInteger(bytes, INDEXED, 7, whole + 1)
      continue
    }
    const named = STATIC_TABLE.findIndex(([known]) => known === name) + 1
    writeInteger(bytes, isSecret(name) ? NEVER_INDEXED : 0, 4, named)
    if (named === 0) writeString(bytes, name)
    writeString(bytes, value)
  }
  return Buffer.from(bytes)
}

/** RFC 7541, section 5.1. */
function writeInteger(bytes: number[], pattern: number, prefixBits: number, value: number): void {
  const most = 2 ** prefixBits - 1
  bytes.push(pattern | Math.min(value, most))
  if (value < most) return
  let left = value - most
  for (; left >= 128; left >>>= 7) bytes.push((left & 127) | 128)
  bytes.push(left)
}

function writeString(bytes: number[], text: string): void {
  const octets = Buffer.from(text, 'latin1')
  writeInteger(bytes, 0, 7, octets.length)
  bytes.push(...octets)
}

/**
 * Decodes a block of headers for a peer that was told to keep no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0): every
 * block stands for itself.
 * @throws {ConnectionFault} when it is no such block
 * @throws {StreamFault} when the headers are longer than `maxListBytes` (RFC 9113, section 6.5.2)
 */
export function decodeFields(block: Buffer, from: number, to: number, maxListBytes: number): Field[] {
  const reader = new BlockReader(block, from, to)
  const fields: Field[] = []
  let listBytes = 0
  while (reader.hasMore) {
    const field = reader.next(fields.length === 0)
    if (field === null) continue
    listBytes += field[0].length + field[1].length + FIELD_OVERHEAD_BYTES
    if (listBytes > maxListBytes) {
      throw new StreamFault('ENHANCE_YOUR_CALM', `its headers are longer than ${maxListBytes} bytes`)
    }
    fields.push(field)
  }
  return fields
}

class BlockReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
  }

  get hasMore(): boolean {
    return this.#at < this.#end
  }

  /** RFC 7541, section 6; null for what is no header. */
  next(isFirst: boolean): Field | null {
    const first = this.#bytes[this.#at]!
    if (first >= INDEXED) return known(this.#integer(7))
    if (first >= LITERAL_INDEXED) return this.#literal(6)
    if (first < SIZE_UPDATE) return this.#literal(4)
    if (!isFirst) throw broken('the size of its table changes in the middle of headers')
    const size = this.#integer(5)
    if (size > 0) throw broken(`it keeps a table of ${size} bytes although it was told to keep none`)
    return null
  }

  #literal(prefixBits: number): Field {
    const index = this.#integer(prefixBits)
    const name = index === 0 ? this.#string() : known(index)[0]
    return [name, this.#string()]
  }

  #integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1
    let value = this.#byte() & most
    if (value < most) return value
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * unit
      if (value > MAX_INTEGER) throw broken('a number is too great')
      if (byte < 128) return value
      if (unit > MAX_INTEGER) throw broken('a number has no end')
    }
  }

  /** RFC 7541, section 5.2. */
  #string(): string {
    const isHuffman = this.hasMore && (this.#bytes[this.#at]! & HUFFMAN) !== 0
    const length = this.#integer(7)
    const from = this.#at
    const to = from + length
    if (to > this.#end) throw broken('it ends in the middle of a header')
    this.#at = to
    if (!isHuffman) return this.#bytes.toString('latin1', from, to)
    if (length * 2 > decoded.length) decoded = Buffer.allocUnsafe(length * 2)
    const written = decodeHuffman(this.#bytes, from, to, decoded)
    if (written === -1) throw broken('a string is no Huffman code')
    return decoded.toString('latin1', 0, written)
  }

  #byte(): number {
    if (!this.hasMore) throw broken('it ends in the middle of a header')
    return this.#bytes[this.#at++]!
  }
}

/** Where Huffman strings are decoded, one at a time. */
let decoded = Buffer.allocUnsafe(1024)

function known(index: number): Field {
  const field = STATIC_TABLE[index - 1]
  if (field === undefined) throw broken(`there is no header number ${index} in a table without entries`)
  return field
}

function broken(why: string): ConnectionFault {
  return new ConnectionFault('COMPRESSION_ERROR', `a block of headers makes no sense: ${why}`)
}
