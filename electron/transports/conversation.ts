import { PHASE_INDEX, PHASES, type Phase } from '../../shared/record/words.ts'
import type { TraceEvent } from './client.ts'
import { contentLines, textLines } from './told-lines.ts'

/** Events that are kept of a send: the latest. */
const KEPT = 32
/** Bytes that are kept of what was heard: the latest. */
const HEARD_BYTES = 2048
/** Lines of one event that are shown. */
const MOST_LINES = 40

const SAID = 0
const HEARD = 1
const WAITED = 2
const ANSWERED = 3

/** Something long that was said: it is put into words only if somebody asks. */
export interface Told {
  /** @param isWhole with what went out behind it */
  told(isWhole: boolean): string[]
}
type Said = Uint8Array | string | Told

/**
 * What was said and heard for the send in flight, kept so that a failure can be looked into: references to what went
 * out, a copy of the last bytes that came in, and nothing that is put into words before somebody asks. Costs a send
 * that succeeds a few stores into arrays which are there already.
 */
export class Conversation {
  readonly #mask: (line: string) => string
  readonly #kinds = new Uint8Array(KEPT)
  readonly #phases = new Uint8Array(KEPT)
  readonly #atUs = new Float64Array(KEPT)
  readonly #said: (Said | null)[] = new Array<Said | null>(KEPT).fill(null)
  /** Of what was said: its bytes; of what was heard: where it ends in all that was; of a wait: how long it took. */
  readonly #amounts = new Float64Array(KEPT)
  /** Turns of a wait; whether something was said with what goes behind it. */
  readonly #details = new Uint8Array(KEPT)
  #heard: Uint8Array | null = null
  #heardBytes = 0
  #count = 0

  /** @param mask makes a line safe to show */
  constructor(mask: (line: string) => string) {
    this.#mask = mask
  }

  /** Forgets it all: the next send begins. */
  begin(): void {
    this.#count = 0
    this.#heardBytes = 0
  }

  /** @param isWhole of something long: with what goes behind it */
  said(phase: Phase, atUs: number, said: Said, bytes = 0, isWhole = false): void {
    if (phase === 'content' && this.#goesOn(phase)) {
      this.#amounts[(this.#count - 1) % KEPT]! += bytes
      return
    }
    const at = this.#note(SAID, phase, atUs)
    this.#said[at] = said
    this.#amounts[at] = bytes
    this.#details[at] = isWhole ? 1 : 0
  }

  heard(phase: Phase, atUs: number, bytes: Uint8Array, from: number, to: number): void {
    const kept = (this.#heard ??= new Uint8Array(HEARD_BYTES))
    const first = Math.max(from, to - HEARD_BYTES)
    let place = this.#heardBytes % HEARD_BYTES
    for (let at = first; at < to; at++) {
      kept[place] = bytes[at]!
      if (++place === HEARD_BYTES) place = 0
    }
    this.#heardBytes += to - first
    this.#amounts[this.#note(HEARD, phase, atUs)] = this.#heardBytes
  }

  /** Something long was heard. */
  answered(phase: Phase, atUs: number, answer: Told): void {
    this.#said[this.#note(ANSWERED, phase, atUs)] = answer
  }

  waited(phase: Phase, atUs: number, waitedUs: number, turns: number): void {
    const at = this.#note(WAITED, phase, atUs)
    this.#amounts[at] = waitedUs
    this.#details[at] = turns
  }

  /** The conversation so far, in words and without secrets. */
  events(): TraceEvent[] {
    const first = Math.max(0, this.#count - KEPT)
    let heardFrom = 0
    return Array.from({ length: this.#count - first }, (_, index) => (first + index) % KEPT).flatMap((at) => {
      const phase = PHASES[this.#phases[at]!] ?? 'tcp'
      const atUs = this.#atUs[at]!
      const amount = this.#amounts[at]!
      switch (this.#kinds[at]) {
        case WAITED:
          return [{ kind: 'waited' as const, atUs, phase, waitedUs: amount, turns: this.#details[at]! }]
        case HEARD: {
          const from = heardFrom
          heardFrom = amount
          return this.#lines('heard', atUs, phase, this.#heardLines(from, amount))
        }
        case ANSWERED:
          return this.#lines('heard', atUs, phase, this.#saidLines(at, phase))
        default:
          return this.#lines('sent', atUs, phase, this.#saidLines(at, phase))
      }
    })
  }

  #lines(kind: 'sent' | 'heard', atUs: number, phase: Phase, lines: readonly string[]): TraceEvent[] {
    return lines.slice(0, MOST_LINES).map((text) => ({ kind, atUs, phase, text: this.#mask(text) }))
  }

  #note(kind: number, phase: Phase, atUs: number): number {
    const at = this.#count++ % KEPT
    this.#kinds[at] = kind
    this.#phases[at] = PHASE_INDEX[phase]
    this.#atUs[at] = atUs
    return at
  }

  /** What was noted last was said in this phase, too. */
  #goesOn(phase: Phase): boolean {
    const last = (this.#count - 1) % KEPT
    return this.#count > 0 && this.#kinds[last] === SAID && this.#phases[last] === PHASE_INDEX[phase]
  }

  #heardLines(from: number, to: number): string[] {
    const kept = this.#heard
    const first = Math.max(from, this.#heardBytes - HEARD_BYTES)
    if (kept === null || first >= to) return ['…']
    const bytes = Buffer.from(
      Array.from({ length: to - first }, (_, at) => kept[(first + at) % HEARD_BYTES]!)
    )
    const lines = textLines(bytes)
    return first > from ? ['…', ...lines] : lines
  }

  #saidLines(at: number, phase: Phase): string[] {
    const said = this.#said[at] ?? ''
    if (typeof said !== 'string' && 'told' in said) return said.told(this.#details[at] === 1)
    if (phase === 'content') return contentLines(Buffer.from(said), this.#amounts[at]!)
    const lines =
      typeof said === 'string'
        ? said.split('\r\n').filter((line) => line !== '')
        : textLines(Buffer.from(said))
    return phase === 'auth' ? lines.map(withoutLogin) : lines
  }
}

/** What a login says is nobody's business but the peer's, masked by its spelling or not. */
function withoutLogin(line: string): string {
  const [verb, mechanism, ...rest] = line.split(' ')
  if (verb !== 'AUTH') return '***'
  return rest.length === 0 ? line : `AUTH ${mechanism ?? ''} ***`
}
