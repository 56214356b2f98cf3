import type { Plan } from '../../shared/plan/plan.ts'
import type { BlockEnd } from '../record/block-end.ts'
import type { PlaceStart, TransportStart } from '../record/run-start.ts'
import type { BlockShare } from './block-plan.ts'
import type { PrepareOptions } from './prepare.ts'
import type { SendRows } from '../record/send-log.ts'
import type { Delta } from '../record/delta.ts'

export interface BlockListener {
  onDelta(delta: Delta, open: number, worker: number): void
  onStage(stage: 'warm-up' | 'measuring' | 'draining'): void
  /** The state of one worker's part, about once a second. */
  onSoFar(end: BlockEnd, worker: number): void
  onSends(rows: SendRows, worker: number): void
  /** The hard stop was reached; each worker tells once for every block. */
  onUsedUp(): void
  onRefused(code: string, sample: string): void
  /** A place fell silent; only where there are several. */
  onLost?(place: number): void
}

/** Who carries the blocks of a run: this machine's threads, or agents at several places. */
export interface Crew {
  /** What each transport's peer showed before the first send. */
  readonly starts: TransportStart[]
  /** Threads that send, over all places. */
  readonly workers: number
  /** Where it sends from; empty for this machine alone. */
  readonly places: readonly PlaceStart[]
  /** Sends that were started so far, warm-ups and all; from other places those that they told of. */
  started(): number
  /** Up to when all that busy workers measured has come in, µs since the run's first block began; 0 while none has told. */
  elapsedUs(): number
  /** What arrivals of its sends are matched by; null where other machines send. */
  readonly marks: {
    /** Run tag of each transport. */
    readonly tags: readonly string[]
    /** The run's first send on the clock that this machine's processes share, µs; null before the first block. */
    originUs(): number | null
  } | null
  /** @throws {RunError} when the block cannot be run */
  runBlock(share: BlockShare, listener: BlockListener): Promise<BlockEnd[]>
  /** Ends the block that runs: it starts nothing more. The next one is not concerned. */
  endBlock(): void
  /** Ends the block that runs and all to come; `cut` also aborts what is in flight. */
  stop(cut: boolean): void
  /** Ends what was started for the run. */
  close(): Promise<void>
}

export interface CrewOptions extends PrepareOptions {
  plan: Plan
  /** Worker threads of this machine. */
  workers: number
  collectSends: boolean
  /** Hard stop: sends that may start in all blocks together. */
  maxMessages: number
}

export type OpenCrew = (options: CrewOptions) => Promise<Crew>
