import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { portion, type BlockShare } from '../engine/block-plan.ts'
import type { BlockListener, Crew, CrewOptions, OpenCrew } from '../engine/crew.ts'
import { endpointOf } from '../engine/create-client.ts'
import { SANDBOX_HOST } from '../../shared/plan/sandbox-target.ts'
import { productVersion } from '../product-version.ts'
import type { BlockEnd } from '../record/block-end.ts'
import { RunError } from '../record/run-error.ts'
import { untilStopped } from '../record/until-stopped.ts'
import {
  ALIVE_MS,
  CONTRACT,
  MOST_REQUEST_BYTES,
  read,
  RESULTS_STREAM,
  resultsSchema,
  SILENCE_MS,
  SUBJECTS,
  versionGap
} from './contract.ts'
import { PlaceLink } from './place-link.ts'
import { infoOf, listPlaces } from './presence.ts'
import { openServer, serverReason, type Server, type ServerOptions } from './server.ts'
import { wallUs } from './wall-clock.ts'
import { sum } from '../../shared/insight/statistics.ts'

/** From the order to begin to the common moment, µs: a request, and what a place needs to get ready. */
const LEAD_US = 750_000
/** A pull that the server has forgotten, since it was away, is made anew after this, ms. */
const PULL_MS = 2000
/** A place may announce that it is free this much later than the end of its run was told, ms. */
const FREE_MS = 3000
/** Pause between two looks at a place that is busy, ms. */
const LOOK_MS = 200

export interface PlacesOptions {
  server: ServerOptions
  /** Names of the places, at least one, each once. */
  places: readonly string[]
}

/** A crew of agents at several places, for {@link startRun} and its like. */
export function placesCrew(options: PlacesOptions): OpenCrew {
  return async (crewOptions) => {
    if (crewOptions.plan.delivery !== undefined) {
      throw new RunError(
        'arrivals are not matched with what other places send; leave "delivery" out of the plan, or run it at one place'
      )
    }
    if (crewOptions.collectSends) {
      throw new RunError(
        'single sends are not collected from other places; leave --sends out, or run with --sends at one place'
      )
    }
    const server = await openServer(options.server)
    try {
      return await PlacesCrew.open(server, options.places, crewOptions)
    } catch (error) {
      await server.close()
      throw error
    }
  }
}

class PlacesCrew implements Crew {
  starts: Crew['starts'] = []
  places: Crew['places'] = []
  readonly marks = null
  workers = 0
  readonly #server: Server
  readonly #run: string
  readonly #links: readonly PlaceLink[]
  readonly #timer: NodeJS.Timeout
  #watchedMs = performance.now()
  #block = 0
  #originUs: number | null = null
  #isClosed = false
  /** Why nothing more comes from any place. */
  #fault: RunError | null = null

  static async open(server: Server, names: readonly string[], options: CrewOptions): Promise<PlacesCrew> {
    const plan = JSON.stringify(options.plan)
    const planBytes = Buffer.byteLength(plan)
    const carried = server.connection.info?.max_payload ?? Infinity
    if (planBytes > carried / 2) {
      throw new RunError(
        `the plan takes ${planBytes} bytes as text, and the server carries messages of ${carried}: raise its max_payload, or shorten the plan`
      )
    }
    if (planBytes > MOST_REQUEST_BYTES / 2) {
      throw new RunError(
        `the plan takes ${planBytes} bytes as text, and an agent reads requests of ${MOST_REQUEST_BYTES}: shorten the plan`
      )
    }
    const bound = options.plan.transports.find(
      (transport) =>
        endpointOf(transport).host !== SANDBOX_HOST && JSON.stringify(transport).includes('{"secret":')
    )
    if (bound !== undefined) {
      throw new RunError(
        `${bound.name} names a secret of this machine’s keychain, which no other place has; use { "env": NAME } or { "file": PATH }, read at each place`
      )
    }
    await untilStopped(requireFree(server, names), options.signal)
    const run = randomUUID()
    const crew = new PlacesCrew(server, run, names)
    try {
      await crew.#prepare(options)
      return crew
    } catch (error) {
      clearInterval(crew.#timer)
      for (const link of crew.#links) link.tell({ kind: 'close', run })
      throw error
    }
  }

  private constructor(server: Server, run: string, names: readonly string[]) {
    this.#server = server
    this.#run = run
    this.#links = names.map((name, index) => new PlaceLink(server, run, name, index))
    void server.closed.then((reason) => {
      if (reason !== null) this.#fail(reason)
    })
    this.#timer = setInterval(() => {
      this.#watch()
    }, ALIVE_MS)
    this.#watch()
  }

  /** Has every place try the transports; they hear meanwhile that their coordinator lives. */
  async #prepare({ plan, maxMessages, signal }: CrewOptions): Promise<void> {
    const links = this.#links
    await Promise.all(links.map((link) => link.measureClock()))
    const prepared = await untilStopped(
      Promise.all(
        links.map((link, index) =>
          link.prepare({
            kind: 'prepare',
            contract: CONTRACT,
            version: productVersion(),
            run: this.#run,
            plan,
            maxMessages: maxMessages === Infinity ? null : portion(maxMessages, links.length, index)
          })
        )
      ),
      signal
    )
    links.forEach((link, index) => {
      link.firstWorker = this.workers
      link.workers = prepared[index]?.workers ?? 0
      this.workers += link.workers
    })
    this.places = links.map((link, index) => ({
      name: link.name,
      environment: prepared[index]!.environment,
      clockOffsetMs: link.clock.offsetUs / 1000,
      clockErrorMs: link.clock.errorUs / 1000,
      share: link.workers / this.workers,
      transports: prepared[index]!.transports
    }))
    this.starts = [...(this.places[0]?.transports ?? [])]
    await this.#consume()
  }

  async runBlock(share: BlockShare, listener: BlockListener): Promise<BlockEnd[]> {
    const block = this.#block++
    const startUs = wallUs() + LEAD_US
    this.#originUs ??= startUs
    const originUs = this.#originUs
    const present = this.#links.filter(({ isLost }) => !isLost)
    if (present.length === 0) throw this.#allLost
    const parts = share.lanes.filter((lanes) => lanes > 0).length
    const allLanes = sum(share.lanes)
    let [firstPart, lanesBefore] = [0, 0]
    const running: Promise<BlockEnd[]>[] = []
    for (const link of this.#links) {
      const lanes = share.lanes.slice(link.firstWorker, link.firstWorker + link.workers)
      const mine = sum(lanes)
      const messages =
        share.messages === null
          ? null
          : split(share.messages, lanesBefore + mine, allLanes) - split(share.messages, lanesBefore, allLanes)
      if (mine > 0 && messages !== 0 && !link.isLost) {
        const { offsetUs } = link.clock
        const joint = { originUs: originUs + offsetUs, startUs: startUs + offsetUs, firstPart, parts }
        running.push(link.runBlock(block, { ...share, lanes, messages, joint }, listener))
      }
      firstPart += lanes.filter((count) => count > 0).length
      lanesBefore += mine
    }
    const ends = await Promise.all(running)
    if (this.#links.every(({ isLost }) => isLost)) throw this.#allLost
    return ends.flat()
  }

  started(): number {
    return sum(this.#links.map(({ sent }) => sent))
  }

  elapsedUs(): number {
    const running = this.#links.filter(({ isRunning }) => isRunning)
    if (this.#originUs === null || running.length === 0) return 0
    const toldUs = Math.min(...running.map(({ toldUs }) => toldUs ?? -Infinity))
    return Math.max(0, toldUs - this.#originUs)
  }

  endBlock(): void {
    for (const link of this.#links) link.tell({ kind: 'end-block', run: this.#run })
  }

  stop(cut: boolean): void {
    for (const link of this.#links) link.tell({ kind: 'stop', run: this.#run, cut })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const request = { kind: 'close', run: this.#run } as const
    const present = this.#links.filter(({ isLost }) => !isLost)
    await Promise.all(present.map((link) => link.ask('ok', request).catch(() => undefined)))
    // One that was lost, now or before, may still be there.
    for (const link of this.#links) if (link.isLost) link.tell(request)
    clearInterval(this.#timer)
    await this.#server.close()
  }

  /** Tells the places that the coordinator lives, and notices who of all fell silent. */
  #watch(): void {
    const nowMs = performance.now()
    const sleptMs = nowMs - this.#watchedMs
    this.#watchedMs = nowMs
    for (const link of this.#links) {
      // After a sleep of its own the coordinator has missed what they said: their agents have given the run up.
      if (!link.isLost && (sleptMs > SILENCE_MS || link.isSilent)) link.lose()
    }
    const lost = this.#links.filter(({ isLost }) => isLost).map(({ name }) => name)
    const { connection } = this.#server
    if (!connection.isClosed()) {
      connection.publish(SUBJECTS.coordinator(this.#run), JSON.stringify({ lost }))
    }
  }

  get #allLost(): RunError {
    return this.#fault ?? new RunError('every place was lost')
  }

  /** Counts every place as lost. */
  #fail(reason: RunError): void {
    this.#fault ??= reason
    for (const link of this.#links) link.lose()
  }

  async #consume(): Promise<void> {
    try {
      const consumer = await this.#server.stream.consumers.get(RESULTS_STREAM, {
        filter_subjects: SUBJECTS.results(this.#run, '*')
      })
      const messages = await consumer.consume({ expires: PULL_MS })
      void this.#read(messages).catch((error: unknown) => {
        this.#fail(unread(error))
      })
    } catch (error) {
      throw unread(error)
    }
  }

  async #read(messages: AsyncIterable<{ subject: string; string(): string }>): Promise<void> {
    for await (const message of messages) {
      const place = message.subject.slice(message.subject.lastIndexOf('.') + 1)
      const link = this.#links.find(({ name }) => name === place)
      for (const result of read(resultsSchema, message.string()) ?? []) link?.result(result)
    }
  }
}

function unread(error: unknown): RunError {
  return new RunError(`what the places measure cannot be read from the server: ${serverReason(error)}`)
}

async function requireFree(server: Server, names: readonly string[]): Promise<void> {
  const untilMs = performance.now() + FREE_MS
  let busy = await firstBusy(server, names)
  while (busy !== null && performance.now() < untilMs) {
    await sleep(LOOK_MS)
    busy = await firstBusy(server, names)
  }
  if (busy !== null) throw new RunError(`${busy}: it is busy with another run`)
}

/**
 * Name of the first place that works for another run; null when all are free.
 * @throws {RunError} when one is not there, or of another version
 */
async function firstBusy(server: Server, names: readonly string[]): Promise<string | null> {
  const found = await Promise.all(names.map((name) => infoOf(server.places, name)))
  const missing = names.filter((_, index) => found[index] === null)
  if (missing.length > 0) {
    const there = (await listPlaces(server.places)).map(({ name }) => name)
    throw new RunError(
      `no agent bears the name ${missing.join(', ')}; there ${there.length === 0 ? 'is none at all: start "chattermark agent" at each place' : `are ${there.join(', ')}`}`
    )
  }
  for (const place of found) {
    if (place === null) continue
    const { name, run } = place.info
    const gap = versionGap(place.info, 'its agent', { version: productVersion() })
    if (gap !== null) throw new RunError(`${name}: ${gap}`)
    if (run !== null) return name
  }
  return null
}

/** What of a whole falls to the first `of` of `parts`. */
function split(whole: number, of: number, parts: number): number {
  return Math.floor((whole * of) / parts)
}
