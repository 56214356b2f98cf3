import type { Subscription } from '@nats-io/transport-node'
import type { Crew } from '../engine/crew.ts'
import { openLocalCrew } from '../engine/local-crew.ts'
import { noKeychain } from '../engine/read-secret.ts'
import { workerCount } from '../engine/run.ts'
import type { BlockShare } from '../engine/block-plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { BlockEnd } from '../record/block-end.ts'
import type { RunState } from '../../shared/record/run-record.ts'
import type { FolderClaim } from '../record/folder-claim.ts'
import { errorWords, RunError } from '../record/run-error.ts'
import { claimRunFolder } from '../record/run-folder.ts'
import { newRunId } from '../record/run-id.ts'
import { AgentJournal } from './agent-journal.ts'
import { coordinatorAliveSchema, read, SILENCE_MS, SUBJECTS } from './contract.ts'
import { ResultPublisher } from './result-publisher.ts'
import type { Server } from './server.ts'
import { wallToSharedUs } from './wall-clock.ts'

/** How often results go out, ms. */
const REPORT_MS = 250

export interface AgentRunOptions {
  server: Server
  place: string
  id: string
  judge: (plan: Plan) => number
  /** Folder of its own record, by id. */
  folderOf: (id: string) => string
  workers: number | undefined
  talk: (text: string) => void
  onOver: () => void
}

type JointShare = BlockShare & { joint: NonNullable<BlockShare['joint']> }

/** An agent's part of one run. */
export class AgentRun {
  readonly id: string
  readonly #options: AgentRunOptions
  readonly #coordinator: Subscription
  #crew: Promise<Crew> | null = null
  readonly #preparing = new AbortController()
  /** Number of the block that was begun last: a request that comes twice begins nothing twice. */
  #block = -1
  /** Number of the block that was ended last, which may not have begun here yet. */
  #ended = -1
  #running: Promise<void> = Promise.resolve()
  #publisher: ResultPublisher | null = null
  #plan: Plan | null = null
  /** Of the record that it keeps itself, whose folder is taken with the preparation. */
  readonly #ownId = newRunId()
  #claim: FolderClaim | null = null
  #journal: AgentJournal | null = null
  #state: RunState = 'finished'
  #heardMs = performance.now()
  #watchedMs = performance.now()
  #isGivenUp = false
  #closing: Promise<void> | null = null
  /** Nothing runs any more, and nobody is waited for: what is left is to write it down. */
  #isOver = false

  constructor(options: AgentRunOptions) {
    this.#options = options
    this.id = options.id
    this.#coordinator = options.server.connection.subscribe(SUBJECTS.coordinator(options.id), {
      callback: (error, message) => {
        if (error === null) this.#hear(message.string())
      }
    })
  }

  /**
   * Judges the plan and tries its transports, once however often it is asked.
   * @throws {RunError} in words for the coordinator
   */
  async prepare(raw: unknown, maxMessages: number | null): Promise<Crew> {
    this.#crew ??= this.#open(raw, maxMessages)
    try {
      return await this.#crew
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #open(raw: unknown, maxMessages: number | null): Promise<Crew> {
    const parsed = parsePlan(raw)
    if (!parsed.ok) {
      throw new RunError(
        `the plan is not valid here: ${parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('; ')}`
      )
    }
    const plan = (this.#plan = parsed.plan)
    const allowed = this.#options.judge(plan)
    this.#claim = await claimRunFolder(this.#options.folderOf(this.#ownId), false)
    return openLocalCrew({
      plan,
      keychain: noKeychain,
      workers: workerCount(plan, this.#options.workers),
      collectSends: false,
      maxMessages: Math.min(allowed, maxMessages ?? Infinity),
      signal: this.#preparing.signal
    })
  }

  /** Begins a block; one that was begun already goes on. */
  begin(block: number, share: JointShare): void {
    if (block <= this.#block || this.#closing !== null) return
    this.#block = block
    this.#running = this.#running.then(() => this.#run(block, share))
  }

  endBlock(): void {
    this.#ended = this.#block
    this.#tell((crew) => {
      crew.endBlock()
    })
  }

  stop(cut: boolean): void {
    this.#state = 'stopped'
    this.#tell((crew) => {
      crew.stop(cut)
    })
  }

  /** Tells the crew something; that it could not be opened is heard by who asked for it. */
  #tell(something: (crew: Crew) => void): void {
    this.#crew?.then(something, () => undefined)
  }

  /** To be called about once a second: notices when its coordinator or this machine fell silent. */
  watch(): void {
    if (this.#isOver) return
    const nowMs = performance.now()
    const sleptMs = nowMs - this.#watchedMs
    this.#watchedMs = nowMs
    if (sleptMs > SILENCE_MS) void this.abandon('this machine slept')
    else if (nowMs - this.#heardMs > SILENCE_MS) void this.abandon('its coordinator fell silent')
  }

  /** Closes it for a reason of which its coordinator does not know: to it this place is lost. */
  async abandon(reason: string): Promise<void> {
    if (!this.#isGivenUp && !this.#isOver) {
      this.#isGivenUp = true
      this.#options.talk(`gave up the run ${this.id}: ${reason}`)
      this.#state = 'stopped'
    }
    await this.close()
  }

  /** Starts nothing more; resolves when what was in flight has ended, and all of it is handed over and written. */
  async leave(): Promise<void> {
    this.stop(false)
    await this.#running
    await this.close()
  }

  /** Ends what was started for the run, cuts what still runs, of which nobody hears, and resolves when its record is written. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#preparing.abort()
    this.#tell((crew) => {
      crew.stop(true)
    })
    this.#publisher?.close()
    await this.#running
    this.#isOver = true
    this.#coordinator.unsubscribe()
    const crew = await this.#crew?.catch(() => null)
    try {
      await crew?.close()
      if (this.#journal === null) await this.#claim?.release(true)
      else await this.#journal.finish(this.#state)
    } catch (error) {
      this.#options.talk(errorWords(error))
    }
    this.#options.onOver()
  }

  #hear(text: string): void {
    const alive = read(coordinatorAliveSchema, text)
    if (alive === null) return
    this.#heardMs = performance.now()
    if (alive.lost.includes(this.#options.place))
      void this.abandon('its coordinator holds this place for lost')
  }

  async #run(block: number, share: JointShare): Promise<void> {
    if (this.#closing !== null) return
    const { server, place } = this.#options
    const publisher = (this.#publisher = new ResultPublisher(
      server.stream,
      SUBJECTS.results(this.id, place),
      block
    ))
    let ends: BlockEnd[] = []
    let fault: string | null = null
    try {
      ends = await this.#measure(block, share, publisher)
    } catch (error) {
      fault = errorWords(error)
    }
    if (this.#closing !== null) this.#state = 'stopped'
    publisher.publish({ kind: 'end', ends, fault })
    await publisher.taken()
  }

  async #measure(block: number, share: JointShare, publisher: ResultPublisher): Promise<BlockEnd[]> {
    const crew = await this.#crew
    if (crew === null || this.#plan === null || this.#claim === null) return []
    const busy = share.lanes.filter((lanes) => lanes > 0).length
    const journal = (this.#journal ??= new AgentJournal(
      this.#ownId,
      this.#claim,
      this.#plan,
      crew,
      busy / share.joint.parts
    ))
    let deltas: Extract<Parameters<ResultPublisher['publish']>[0], { kind: 'deltas' }>['deltas'] = []
    const flush = (): void => {
      publisher.publish({ kind: 'deltas', atUs: share.joint.originUs + crew.elapsedUs(), deltas })
      deltas = []
      journal.flush()
    }
    const timer = setInterval(flush, REPORT_MS)
    const toSharedUs = wallToSharedUs()
    const joint = {
      ...share.joint,
      originUs: share.joint.originUs + toSharedUs,
      startUs: share.joint.startUs + toSharedUs
    }
    try {
      const running = crew.runBlock(
        { ...share, joint },
        {
          onDelta: (delta, open, worker) => {
            journal.delta(delta)
            deltas.push({ delta, open, worker })
          },
          onStage: (stage) => {
            publisher.publish({ kind: 'stage', stage })
          },
          onSoFar: (end, worker) => {
            journal.soFar(share.transport, share.round, worker, end)
            publisher.publish({ kind: 'so-far', worker, end })
          },
          onSends: () => undefined,
          onUsedUp: () => {
            publisher.publish({ kind: 'used-up' })
          },
          onRefused: (code, sample) => {
            publisher.publish({ kind: 'refused', code, sample })
          }
        }
      )
      if (this.#ended === block) crew.endBlock()
      const ends = await running
      journal.ends(share.transport, share.round, ends)
      return ends
    } finally {
      clearInterval(timer)
      flush()
    }
  }
}
