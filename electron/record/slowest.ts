import { PHASES, type Phase } from '../../shared/record/words.ts'
import type { SendResult } from '../transports/send-result.ts'

/** Slowest sends kept of one delta: its 99th percentile, for up to 5,000 sends. */
const KEPT = 50
/** Slowest sends kept of a run: its 99th percentile, for up to 200,000 sends. */
const KEPT_IN_ALL = 2000

const LOST = 1
const QUEUED = 2
const OPENED = 4
/** Below these bits stands the phase. */
const FLAGS = 8

/** What can have made a send slow. */
export interface SlowSend {
  responseUs: number
  /** A segment was sent again. */
  lost: boolean
  /** It waited for a slot longer than it took. */
  queued: boolean
  /** It had to open a connection. */
  opened: boolean
  /** Where it waited longest, beyond what a turn of its took in the mean. */
  phase: Phase
}

/** Keeps the slowest accepted sends of a stretch, with what may explain them, without an allocation for each. */
export class SlowestSends {
  readonly #us = new Float64Array(KEPT)
  readonly #codes = new Uint16Array(KEPT)
  #count = 0
  #leastAt = 0

  add(result: SendResult): void {
    const responseUs = result.doneUs - result.dueUs
    if (this.#count === KEPT && responseUs <= this.#us[this.#leastAt]!) return
    const at = this.#count < KEPT ? this.#count++ : this.#leastAt
    this.#us[at] = responseUs
    this.#codes[at] = codeOf(result)
    if (this.#count === KEPT) this.#findLeast()
  }

  /** What was kept since the last call: pairs of response time in µs and code. */
  take(): number[] {
    const pairs: number[] = []
    for (let at = 0; at < this.#count; at++) pairs.push(this.#us[at]!, this.#codes[at]!)
    this.#count = 0
    return pairs
  }

  #findLeast(): void {
    let least = 0
    for (let at = 1; at < KEPT; at++) if (this.#us[at]! < this.#us[least]!) least = at
    this.#leastAt = least
  }
}

function codeOf(result: SendResult): number {
  const { phaseUs, phaseTurns, turns, waitUs } = result
  const turnUs = turns === 0 ? 0 : waitUs / turns
  let slowest = 0
  let mostUs = -Infinity
  for (let phase = 0; phase < PHASES.length; phase++) {
    const beyondUs = phaseUs[phase]! - phaseTurns[phase]! * turnUs
    if (phaseUs[phase]! > 0 && beyondUs > mostUs) {
      mostUs = beyondUs
      slowest = phase
    }
  }
  const queueUs = result.startedUs - result.dueUs
  return (
    slowest * FLAGS +
    (result.retransmits > 0 ? LOST : 0) +
    (queueUs > result.doneUs - result.startedUs ? QUEUED : 0) +
    (result.reused ? 0 : OPENED)
  )
}

/** The slowest sends of a run, from what its deltas kept. */
export class SlowestOfAll {
  #sends: [us: number, code: number][] = []

  add(pairs: readonly number[]): void {
    for (let at = 0; at < pairs.length; at += 2) this.#sends.push([pairs[at] ?? 0, pairs[at + 1] ?? 0])
    if (this.#sends.length > 2 * KEPT_IN_ALL) this.#cut()
  }

  /** The slowest `share` of `accepted` sends, as far as they were kept; slowest first. */
  slowest(share: number, accepted: number): SlowSend[] {
    this.#cut()
    return this.#sends.slice(0, Math.ceil(share * accepted)).map(([responseUs, code]) => ({
      responseUs,
      lost: (code & LOST) !== 0,
      queued: (code & QUEUED) !== 0,
      opened: (code & OPENED) !== 0,
      phase: PHASES[Math.floor(code / FLAGS)] ?? 'tcp'
    }))
  }

  #cut(): void {
    this.#sends = this.#sends.sort(([a], [b]) => b - a).slice(0, KEPT_IN_ALL)
  }
}
