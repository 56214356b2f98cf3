import { PHASE_INDEX, PHASES } from '../../shared/record/words.ts'
import { errorKind, MOST_EXAMPLE_EVENTS, MOST_EXAMPLES } from '../../shared/record/error-sum.ts'
import type { ErrorRecord, FailureExample } from '../../shared/record/run-record.ts'
import { isLocalShortage } from '../transports/connect/failure.ts'
import type { SendResult } from '../transports/send-result.ts'
import { explainEvents } from './explain-events.ts'
import type { Delta, PhaseDelta } from './delta.ts'
import { IntervalHistogram } from './interval-histogram.ts'
import { SlowestSends } from './slowest.ts'

/** A send that started later than this after it was due counts as late. */
export const LATE_US = 1000
/** Different errors kept apart within one delta; what goes beyond is counted by class and phase alone. */
const MAX_ERRORS = 100
/** Conversations kept of a fold's errors, of all kinds together: a peer that always says something new is not to fill a record. */
const MOST_EXAMPLES_IN_ALL = 20
/** Code of the errors that are not kept apart. */
export const OTHER_CODE = 'other'

const TCP = PHASE_INDEX.tcp
/** The phases whose wait follows the connect at once, one of which hides the opening of an emulated link. */
const AFTER_TCP = [PHASE_INDEX.greeting, PHASE_INDEX.tls, PHASE_INDEX.wait]

class PhaseSum {
  count = 0
  sumUs = 0
  turns = 0
  readonly histogram = new IntervalHistogram()
}

/** Adds up the results of sends, one by one, into the {@link Delta} of the current second. */
export class Fold {
  readonly #transport: number
  readonly #round: number
  /** Added to a thread's clock to get µs since the run's first send. */
  readonly #clockOffsetUs: number
  /** RTT of a delay link, which hides the handshake and shows it in the first wait: booked back to `tcp`. */
  readonly #hiddenHandshakeUs: number
  readonly #emit: (delta: Delta) => void
  readonly #response = new IntervalHistogram()
  readonly #service = new IntervalHistogram()
  readonly #slowest = new SlowestSends()
  readonly #phases: (PhaseSum | undefined)[] = PHASES.map(() => undefined)
  readonly #errors = new Map<string, ErrorRecord>()
  /** Conversations that were kept, by kind of error. */
  readonly #examples = new Map<string, number>()
  #exampleCount = 0
  /** Latest outcome of each lane, µs of the thread's clock. */
  readonly #laneDoneUs: number[] = []
  #delta: Delta

  constructor(options: {
    transport: number
    round: number
    clockOffsetUs: number
    hiddenHandshakeUs: number
    emit: (delta: Delta) => void
  }) {
    this.#transport = options.transport
    this.#round = options.round
    this.#clockOffsetUs = options.clockOffsetUs
    this.#hiddenHandshakeUs = options.hiddenHandshakeUs
    this.#emit = options.emit
    this.#delta = emptyDelta(options.transport, options.round)
  }

  /** Takes in one finished send; keeps nothing of `result` itself. */
  add(result: SendResult): void {
    const doneUs = result.doneUs + this.#clockOffsetUs
    const dueUs = result.dueUs + this.#clockOffsetUs
    const second = Math.floor(doneUs / 1_000_000)
    if (second !== this.#delta.second) {
      this.flush()
      this.#delta.second = second
    }
    const delta = this.#delta
    delta.sent++
    delta[result.outcome]++
    this.#addLaneTime(result)
    delta.bytesOut += result.bytesOut
    delta.bytesIn += result.bytesIn
    if (dueUs < delta.firstDueUs) delta.firstDueUs = dueUs
    if (doneUs < delta.firstDoneUs) delta.firstDoneUs = doneUs
    if (doneUs > delta.lastDoneUs) delta.lastDoneUs = doneUs
    if (result.startedUs - result.dueUs > LATE_US) delta.startedLate++
    if (result.retransmits > 0) {
      delta.retransmits += result.retransmits
      delta.sendsWithRetransmit++
    }
    if (result.throttled) {
      delta.throttled++
      delta.retryAfterSeconds = Math.max(delta.retryAfterSeconds, result.retryAfterSeconds)
    }
    if (result.outcome === 'accepted') {
      this.#addAccepted(result)
      if (result.recipientsRefused > 0) this.#addError(result, 'recipient', result.recipientsRefused)
    } else {
      this.#addError(result, isLocalShortage(result.code) ? 'local' : result.outcome, 1)
    }
  }

  /** Notes that this thread stood still up to `endUs` of its clock, for so long. */
  noteStall(endUs: number, lengthUs: number): void {
    const second = Math.floor((endUs + this.#clockOffsetUs) / 1_000_000)
    if (second !== this.#delta.second) {
      this.flush()
      this.#delta.second = second
    }
    this.#delta.stalledUs = Math.max(this.#delta.stalledUs ?? 0, lengthUs)
  }

  /** Hands out what has come together since the last time, if anything. */
  flush(): void {
    const delta = this.#delta
    if (delta.sent === 0) return
    delta.response = this.#response.take()
    delta.service = this.#service.take()
    delta.slowest = this.#slowest.take()
    this.#phases.forEach((phase, index) => {
      if (phase !== undefined && phase.count > 0) delta.phases.push(takePhase(index, phase))
    })
    delta.errors = [...this.#errors.values()]
    this.#errors.clear()
    this.#delta = emptyDelta(this.#transport, this.#round)
    this.#delta.second = delta.second
    this.#emit(delta)
  }

  /** A send that is in no figure: its lane's time goes on behind it. */
  leaveOut({ lane, doneUs }: SendResult): void {
    if (this.#laneDoneUs[lane] !== undefined) this.#laneDoneUs[lane] = doneUs
  }

  #addLaneTime({ lane, startedUs, doneUs }: SendResult): void {
    const before = this.#laneDoneUs[lane]
    if (before === undefined) this.#delta.lanes++
    this.#delta.laneUs += doneUs - (before ?? startedUs)
    this.#laneDoneUs[lane] = doneUs
  }

  #addAccepted(result: SendResult): void {
    const delta = this.#delta
    const serviceUs = result.doneUs - result.startedUs
    const responseUs = result.doneUs - result.dueUs
    delta.serviceUs += serviceUs
    delta.queueUs += responseUs - serviceUs
    delta.waitUs += result.waitUs
    delta.transferUs += result.transferUs
    delta.turns += result.turns
    if (!result.reused) {
      delta.coldCount++
      delta.coldTurns += result.turns
    }
    this.#service.record(serviceUs)
    this.#response.record(responseUs)
    const mask = result.phaseMask
    if (this.#hiddenHandshakeUs > 0 && (mask & (1 << TCP)) !== 0) this.#showHandshake(result)
    this.#slowest.add(result)
    for (let index = 0; index < PHASES.length; index++) {
      if ((mask & (1 << index)) === 0) continue
      const phase = (this.#phases[index] ??= new PhaseSum())
      const waitedUs = result.phaseUs[index] ?? 0
      phase.count++
      phase.sumUs += waitedUs
      phase.turns += result.phaseTurns[index] ?? 0
      phase.histogram.record(waitedUs)
    }
  }

  #showHandshake(result: SendResult): void {
    for (const index of AFTER_TCP) {
      const waitedUs = result.phaseUs[index] ?? 0
      if ((result.phaseMask & (1 << index)) === 0 || waitedUs < this.#hiddenHandshakeUs) continue
      result.phaseUs[index] = waitedUs - this.#hiddenHandshakeUs
      result.phaseUs[TCP] = (result.phaseUs[TCP] ?? 0) + this.#hiddenHandshakeUs
      return
    }
  }

  #addError(result: SendResult, errorClass: ErrorRecord['class'], count: number): void {
    const full = this.#errors.size >= MAX_ERRORS
    const code = full ? OTHER_CODE : result.code
    const { phase, sample, mayBeDelivered, carriedBefore } = result
    const key = errorKind({ class: errorClass, code, phase, mayBeDelivered })
    const atMs = (result.doneUs + this.#clockOffsetUs) / 1000
    const example = this.#example(key, result, atMs)
    const known = this.#errors.get(key)
    if (known === undefined) {
      this.#errors.set(key, {
        ...{ class: errorClass, code, phase, count, sample, firstMs: atMs, lastMs: atMs },
        ...(mayBeDelivered ? { mayBeDelivered } : {}),
        ...{ carriedLeast: carriedBefore, carriedMost: carriedBefore },
        ...(example === null ? {} : { examples: [example] })
      })
      return
    }
    known.count += count
    known.lastMs = atMs
    known.carriedLeast = Math.min(known.carriedLeast ?? carriedBefore, carriedBefore)
    known.carriedMost = Math.max(known.carriedMost ?? carriedBefore, carriedBefore)
    if (example !== null) known.examples = [...(known.examples ?? []), example]
  }

  /** The send as it can be looked into; null where enough of its kind were kept. */
  #example(key: string, result: SendResult, atMs: number): FailureExample | null {
    const { conversation, startedUs, doneUs, connection, carriedBefore } = result
    const kept = this.#examples.get(key) ?? 0
    if (
      conversation === null ||
      result.outcome === 'aborted' ||
      kept >= MOST_EXAMPLES ||
      this.#exampleCount >= MOST_EXAMPLES_IN_ALL
    )
      return null
    this.#examples.set(key, kept + 1)
    this.#exampleCount++
    const serviceMs = (doneUs - startedUs) / 1000
    // What cleans up behind a refusal is no part of the send.
    const told = conversation.events().filter(({ atUs }) => atUs <= doneUs)
    const events = explainEvents(told, startedUs, this.#hiddenHandshakeUs)
    if (result.outcome === 'failed') {
      const end = { phase: result.phase, turn: null, waitedMs: null }
      events.push({ kind: 'closed', atMs: serviceMs, text: result.sample, ...end })
    }
    return {
      ...{ atMs, round: this.#round, connection, carriedBefore, serviceMs },
      events: events.slice(-MOST_EXAMPLE_EVENTS)
    }
  }
}

function takePhase(index: number, phase: PhaseSum): PhaseDelta {
  const taken = {
    phase: index,
    count: phase.count,
    sumUs: phase.sumUs,
    turns: phase.turns,
    pairs: phase.histogram.take()
  }
  phase.count = 0
  phase.sumUs = 0
  phase.turns = 0
  return taken
}

function emptyDelta(transport: number, round: number): Delta {
  return {
    transport,
    round,
    second: 0,
    sent: 0,
    accepted: 0,
    rejected: 0,
    failed: 0,
    aborted: 0,
    startedLate: 0,
    throttled: 0,
    retryAfterSeconds: 0,
    turns: 0,
    coldCount: 0,
    coldTurns: 0,
    waitUs: 0,
    transferUs: 0,
    serviceUs: 0,
    queueUs: 0,
    retransmits: 0,
    sendsWithRetransmit: 0,
    laneUs: 0,
    lanes: 0,
    bytesOut: 0,
    bytesIn: 0,
    firstDueUs: Infinity,
    firstDoneUs: Infinity,
    lastDoneUs: 0,
    response: [],
    service: [],
    phases: [],
    errors: [],
    slowest: []
  }
}
