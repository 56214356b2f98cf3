import { MAX_HEAD_BYTES } from '../answer-parser.ts'
import { StreamFault } from './faults.ts'
import { decodeFields } from './hpack.ts'
import type { Field } from './static-table.ts'

/** The headers of one answer, once they are known to be such. */
export interface AnswerHead {
  readonly status: number
  /** -1 when it does not say. */
  readonly contentLength: number
  readonly fields: readonly Field[]
}

/** Reads heads. As no block depends on another, the same bytes as the last time are the same head. */
export class HeadReader {
  #block: Buffer = Buffer.alloc(0)
  #head: AnswerHead | null = null

  /** @throws {ConnectionFault} and {StreamFault} */
  read(block: Buffer, from: number, to: number): AnswerHead {
    if (this.#head !== null && block.compare(this.#block, 0, this.#block.length, from, to) === 0) {
      return this.#head
    }
    this.#head = null
    const head = headOf(decodeFields(block, from, to, MAX_HEAD_BYTES))
    this.#block = Buffer.from(block.subarray(from, to))
    this.#head = head
    return head
  }
}

/** @throws {ConnectionFault} and {StreamFault} */
export function checkTrailers(block: Buffer, from: number, to: number): void {
  for (const [name] of decodeFields(block, from, to, MAX_HEAD_BYTES)) {
    if (name.startsWith(':')) throw malformed(`${name} stands behind its body`)
    checkName(name)
  }
}

/** The value of a header by its lower-case name, several joined (RFC 9110, section 5.2); null when it has none. */
export function fieldIn(fields: readonly Field[], name: string): string | null {
  const values = fields.filter(([its]) => its === name).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}

/** RFC 9113, sections 8.2 and 8.3.2. */
function headOf(fields: readonly Field[]): AnswerHead {
  let status = 0
  let contentLength = -1
  let isRegular = false
  for (const [name, value] of fields) {
    if (name === ':status') {
      if (isRegular) throw malformed('its status stands behind other headers')
      if (status !== 0 || !/^[1-9]\d\d$/.test(value)) throw malformed('its status makes no sense')
      status = Number(value)
      continue
    }
    isRegular = true
    checkName(name)
    if (/[\0\r\n]|^[ \t]|[ \t]$/.test(value)) throw malformed(`the value of ${name} is none`)
    if (name === 'content-length') contentLength = lengthOf(value, contentLength)
  }
  if (status === 0) throw malformed('it has no status')
  if (status === 101) throw malformed('101 does not exist in HTTP/2')
  return { status, contentLength, fields }
}

/** Names that HTTP/2 has no use for (RFC 9113, section 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade'
])

function checkName(name: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))
    throw malformed(`${JSON.stringify(name.slice(0, 100))} is no name of a header`)
  if (CONNECTION_FIELDS.has(name)) throw malformed(`${name} does not exist in HTTP/2`)
}

function lengthOf(value: string, before: number): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : -1
  if (length === -1 || (before !== -1 && before !== length))
    throw malformed('its content-length makes no sense')
  return length
}

function malformed(why: string): StreamFault {
  return new StreamFault('PROTOCOL_ERROR', `the answer makes no sense: ${why}`)
}
