import { OUTCOMES } from '../../shared/words.ts'
import type { SendResult } from '../transports/send-result.ts'
import type { SendRows } from './block.ts'

/** Columns of a row, in order; times in µs since the run's first send. `sends.csv` is made from these. */
export const SEND_COLUMNS = [
  'round',
  'seq',
  'connection',
  'reused',
  'intendedUs',
  'startedUs',
  'doneUs',
  'turns',
  'outcome',
  'code',
  'bytesOut',
  'bytesIn'
] as const

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
    rows[at] = result.bytesIn
    this.#count++
    if (this.#count === CHUNK_ROWS) this.flush()
  }

  /** Hands out the rows that have come together, if any. */
  flush(): void {
    if (this.#count === 0) return
    this.#emit({ transport: this.#transport, rows: this.#rows, count: this.#count, codes: this.#newCodes })
    this.#rows = new Float64Array(CHUNK_ROWS * WIDTH)
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
