import { SEND_COLUMNS } from '../../shared/record/csv.ts'
import { OUTCOMES } from '../../shared/record/words.ts'
import type { SendResult } from '../transports/send-result.ts'

/** Rows of {@link SEND_COLUMNS} one after another in one flat array; `codes` holds the texts of new code numbers. */
export interface SendRows {
  transport: number
  rows: Float64Array
  count: number
  codes: string[]
}

const WIDTH = SEND_COLUMNS.length
const CHUNK_ROWS = 4096

/** Collects single sends in flat chunks, which travel to the main thread without a copy. */
export class SendLog {
  readonly #transport: number
  readonly #round: number
  /** Connections are numbered per worker; this keeps them apart over workers. */
  readonly #connectionStride: { offset: number; step: number }
  readonly #clockOffsetUs: number
  readonly #emit: (rows: SendRows) => void
  readonly #codeNumbers = new Map<string, number>()
  #newCodes: string[] = []
  #rows = new Float64Array(CHUNK_ROWS * WIDTH)
  #count = 0

  constructor(options: {
    transport: number
    round: number
    worker: number
    workers: number
    clockOffsetUs: number
    emit: (rows: SendRows) => void
  }) {
    this.#transport = options.transport
    this.#round = options.round
    this.#connectionStride = { offset: options.worker, step: options.workers }
    this.#clockOffsetUs = options.clockOffsetUs
    this.#emit = options.emit
  }

  add(result: SendResult): void {
    const { offset, step } = this.#connectionStride
    const rows = this.#rows
    let at = this.#count * WIDTH
    rows[at++] = this.#round
    rows[at++] = result.seq
    rows[at++] = result.connection === 0 ? 0 : (result.connection - 1) * step + offset + 1
    rows[at++] = result.reused ? 1 : 0
    rows[at++] = result.dueUs + this.#clockOffsetUs
    rows[at++] = result.startedUs + this.#clockOffsetUs
    rows[at++] = result.doneUs + this.#clockOffsetUs
    rows[at++] = result.turns
    rows[at++] = OUTCOMES.indexOf(result.outcome)
    rows[at++] = this.#codeNumber(result.code)
    rows[at++] = result.bytesOut
    rows[at++] = result.bytesIn
    rows[at++] = result.transferUs
    rows[at] = result.retransmits
    this.#count++
    if (this.#count === CHUNK_ROWS) this.flush()
  }

  /** Hands out the rows that have come together, if any. */
  flush(): void {
    if (this.#count === 0) return
    // A chunk that is not full is copied: it is small, and the room for the next rows is there already.
    const isFull = this.#count === CHUNK_ROWS
    const rows = isFull ? this.#rows : this.#rows.slice(0, this.#count * WIDTH)
    this.#emit({ transport: this.#transport, rows, count: this.#count, codes: this.#newCodes })
    if (isFull) this.#rows = new Float64Array(CHUNK_ROWS * WIDTH)
    this.#count = 0
    this.#newCodes = []
  }

  #codeNumber(code: string): number {
    let number = this.#codeNumbers.get(code)
    if (number === undefined) {
      number = this.#codeNumbers.size
      this.#codeNumbers.set(code, number)
      this.#newCodes.push(code)
    }
    return number
  }
}
