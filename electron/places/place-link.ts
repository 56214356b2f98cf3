import { setTimeout as sleep } from 'node:timers/promises'
import { NoRespondersError } from '@nats-io/transport-node'
import type { BlockEnd } from '../record/block-end.ts'
import { RunError } from '../record/run-error.ts'
import type { BlockListener } from '../engine/crew.ts'
import {
  answerSchema,
  SILENCE_MS,
  SUBJECTS,
  type PlaceAnswer,
  type PlaceRequest,
  type PlaceResult
} from './contract.ts'
import type { Server } from './server.ts'
import { measureOffset, type ClockOffset } from './wall-clock.ts'

/** How long one request may take before it is asked again, ms. */
const REQUEST_MS = 2000
/** How long a place may take to try its transports, ms. */
const PREPARE_MS = 300_000

type Answer<K extends PlaceAnswer['kind']> = Extract<PlaceAnswer, { kind: K }>

interface OpenBlock {
  number: number
  listener: BlockListener
  /** Number of the result that comes next; those of one block come in order. */
  next: number
  /** What each worker knew last, for a place that falls silent. */
  soFar: Map<number, BlockEnd>
  settle: (ends: BlockEnd[]) => void
  fail: (error: Error) => void
}

/** The coordinator's end of one place: what is asked there, and what comes back. */
export class PlaceLink {
  readonly name: string
  readonly index: number
  /** Number of its first worker among those of all places. */
  firstWorker = 0
  workers = 0
  clock: ClockOffset = { offsetUs: 0, errorUs: 0 }
  isLost = false
  /** Sends of the run that it told of. */
  sent = 0
  /** Up to when all that its workers told has come here, on the coordinator's clock, µs; null before it told anything of a block. */
  toldUs: number | null = null
  readonly #server: Server
  readonly #run: string
  #heardMs = performance.now()
  #block: OpenBlock | null = null

  constructor(server: Server, run: string, name: string, index: number) {
    this.#server = server
    this.#run = run
    this.name = name
    this.index = index
  }

  /**
   * Asks the place, again for as long as it may only have missed it.
   * @throws {RunError} when it refuses, or cannot be reached
   */
  async ask<K extends PlaceAnswer['kind']>(
    kind: K,
    request: PlaceRequest,
    limitMs = SILENCE_MS
  ): Promise<Answer<K>> {
    const untilMs = performance.now() + limitMs
    const timeout = Math.max(REQUEST_MS, limitMs === SILENCE_MS ? 0 : limitMs)
    for (;;) {
      try {
        const reply = await this.#server.connection.request(
          SUBJECTS.place(this.name),
          JSON.stringify(request),
          { timeout }
        )
        const answer = answerSchema.parse(JSON.parse(reply.string()))
        if (answer.kind === 'refused') throw new RunError(`${this.name}: ${answer.reason}`)
        if (answer.kind !== kind)
          throw new RunError(`${this.name}: answered with ${answer.kind} to ${request.kind}`)
        return answer as Answer<K>
      } catch (error) {
        if (error instanceof RunError) throw error
        const isClosed = this.#server.connection.isClosed()
        const why = isClosed ? await this.#server.closed : null
        if (why !== null) throw why
        if (performance.now() > untilMs || this.isLost || isClosed) {
          const reason = error instanceof NoRespondersError ? 'nobody answers there' : 'it does not answer'
          throw new RunError(`${this.name}: ${reason}`)
        }
        await new Promise((resolve) => setTimeout(resolve, REQUEST_MS / 8))
      }
    }
  }

  /**
   * Has the place try the transports, which may take long.
   * @throws {RunError} when it refuses, or is no longer there
   */
  async prepare(request: Extract<PlaceRequest, { kind: 'prepare' }>): Promise<Answer<'prepared'>> {
    const answer = this.ask('prepared', request, PREPARE_MS)
    const isAnswered = answer.then(
      () => true,
      () => true
    )
    while (!(await Promise.race([isAnswered, sleep(REQUEST_MS, false, { ref: false })]))) {
      await this.ask('clock', { kind: 'clock' })
    }
    return answer
  }

  /** Tells the place something that it may miss. */
  tell(request: PlaceRequest): void {
    const { connection } = this.#server
    if (!connection.isClosed()) connection.publish(SUBJECTS.place(this.name), JSON.stringify(request))
  }

  async measureClock(): Promise<void> {
    this.clock = await measureOffset(async () => (await this.ask('clock', { kind: 'clock' })).atUs)
  }

  /** Runs its part of a block; a place that is lost meanwhile ends it with what it had told. */
  runBlock(
    number: number,
    share: Extract<PlaceRequest, { kind: 'block' }>['share'],
    listener: BlockListener
  ): Promise<BlockEnd[]> {
    return new Promise((resolve, reject) => {
      this.#block = { number, listener, next: 0, soFar: new Map(), settle: resolve, fail: reject }
      this.#heardMs = performance.now()
      this.toldUs = null
      this.ask('ok', { kind: 'block', run: this.#run, block: number, share }).catch(() => {
        this.lose()
      })
    })
  }

  /** Takes in a result; one that comes twice, or from another block, is nobody's. */
  result(result: PlaceResult): void {
    const block = this.#block
    if (block === null || result.block !== block.number || result.n < block.next) return
    if (result.n > block.next) {
      // The one between is gone for good: what the place measured will not be known.
      this.lose()
      return
    }
    this.#heardMs = performance.now()
    block.next++
    const { listener } = block
    switch (result.kind) {
      case 'deltas':
        this.toldUs = result.atUs - this.clock.offsetUs
        for (const { delta, open, worker } of result.deltas) {
          this.sent += delta.sent
          listener.onDelta({ ...delta, place: this.index }, open, this.firstWorker + worker)
        }
        break
      case 'stage':
        listener.onStage(result.stage)
        break
      case 'so-far':
        block.soFar.set(result.worker, result.end)
        listener.onSoFar({ ...result.end, place: this.index }, this.firstWorker + result.worker)
        break
      case 'used-up':
        listener.onUsedUp()
        break
      case 'refused':
        listener.onRefused(result.code, result.sample)
        break
      case 'end':
        this.#block = null
        if (result.fault !== null) block.fail(new RunError(`${this.name}: ${result.fault}`))
        else block.settle(result.ends.map((end) => ({ ...end, place: this.index })))
    }
  }

  get isRunning(): boolean {
    return this.#block !== null
  }

  /** Has no result come for too long in a block? There is one every quarter of a second. */
  get isSilent(): boolean {
    return this.#block !== null && performance.now() - this.#heardMs > SILENCE_MS
  }

  /** Counts it as lost: what it told up to now stays. */
  lose(): void {
    if (this.isLost) return
    this.isLost = true
    const block = this.#block
    this.#block = null
    if (block === null) return
    block.listener.onLost?.(this.index)
    block.settle([...block.soFar.values()].map((end) => ({ ...end, place: this.index })))
  }
}
