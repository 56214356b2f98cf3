import { maskedPlan } from '../../shared/plan/masked-plan.ts'
import type { CapacityEvent } from '../../shared/insight/capacity-event.ts'
import { DEFAULT_SEARCH } from '../../shared/insight/capacity-move.ts'
import { parseObjective } from '../../shared/insight/objective.ts'
import { studyVerdict } from '../../shared/insight/study-verdict.ts'
import type { LiveCapacity, LiveStep, LiveStudy, LiveSweep } from '../../shared/page/live-study.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Study } from '../../shared/plan/study.ts'
import type { CapacityRecord, CapacityTransport } from '../../shared/record/capacity-record.ts'
import type { RunState } from '../../shared/record/run-record.ts'
import type { StudyRecord } from '../../shared/record/study-record.ts'
import { startCapacity, type CapacityOptions, type CapacitySearch } from '../engine/capacity.ts'
import { figure } from '../../shared/text/format.ts'
import { environment } from '../engine/environment.ts'
import { workerCount } from '../engine/run.ts'
import { startSweep, type Sweep } from '../engine/sweep.ts'
import { claimRunFolder } from '../record/run-folder.ts'
import { writeStudy } from '../record/study-folder.ts'

export interface StudyRunOptions extends Pick<
  CapacityOptions,
  'plan' | 'openCrew' | 'keychain' | 'fork' | 'maxMessages'
> {
  study: Study
  id: string
  /** Folder in the history; made here, and claimed until the study is over. */
  folder: string
}

/** A study that goes on. */
export interface StudyRun {
  readonly id: string
  readonly folder: string
  /** First call: lets sends in flight end. Second call: cuts them. Either way what was measured is concluded from. */
  stop(): void
  /** The whole state now. */
  live(): LiveStudy
  /** Hears the whole state at every news. Returns how to end it. */
  onLive(listener: (live: LiveStudy) => void): () => void
  /**
   * Settles exactly once, when the study is over and written.
   * @throws {RunError} when it could not run, or its record could not be written
   */
  readonly done: Promise<{ state: RunState }>
}

type Found = Pick<StudyRecord, 'capacity' | 'sweep'>

/** What a kind of study adds to the rest: its state, and what came of it. */
interface Course {
  /** Nothing is sent before. */
  run(): Promise<Found & { stopped: boolean }>
  stop(): void
  live(): LiveStudy
}

/** What a course tells: there is something to show, or something to keep. */
interface News {
  shown(): void
  measured(found: Found): void
}

/** Starts a study into a folder of the history. After every step its record says what is known so far. */
export function startStudy(options: StudyRunOptions): StudyRun {
  const { plan, study, id, folder } = options
  const startedAt = new Date().toISOString()
  const listeners = new Set<(live: LiveStudy) => void>()
  const claiming = claimRunFolder(folder, false)
  /** Records are written one after another, the latest last. */
  let writing = Promise.resolve()
  let isKept = false

  const keep = (state: RunState, { capacity, sweep }: Found): Promise<void> => {
    const record: StudyRecord = {
      ...{ schema: 1, id, name: plan.name, startedAt, finishedAt: new Date().toISOString(), state },
      environment: environment(workerCount(plan, undefined)),
      ...{ plan: maskedPlan(plan), study, capacity, sweep },
      verdict: studyVerdict(study, capacity, sweep)
    }
    const written = writing.then(async () => {
      await writeStudy(folder, record)
      isKept = true
    })
    // A disk that refuses now must not end the measuring: the last writing tells of it.
    writing = written.catch(() => undefined)
    return written
  }
  const news: News = {
    shown: () => {
      for (const listener of listeners) listener(course.live())
    },
    measured: (found) => void keep('crashed', found).catch(() => undefined)
  }
  const course: Course =
    study.kind === 'capacity' ? search(options, study, news) : sweep(options, study, news)

  async function execute(): Promise<{ state: RunState }> {
    const claim = await claiming
    try {
      const found = await course.run()
      const state = found.stopped ? 'stopped' : 'finished'
      await keep(state, found)
      return { state }
    } finally {
      await writing
      await claim.release(!isKept)
    }
  }

  return {
    id,
    folder,
    stop: () => {
      const stop = (): void => {
        course.stop()
        news.shown()
      }
      void claiming.then(stop, () => undefined)
    },
    live: () => course.live(),
    onLive: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    done: execute()
  }
}

function search(options: StudyRunOptions, study: LiveCapacity['study'], news: News): Course {
  const { plan, id, keychain, fork, openCrew } = options
  const { startRate, ceilingRate, coolDownSeconds, holdSeconds, confirmSeconds } = study
  const precision = study.precisionPercent / 100
  const startedMs = performance.now()
  const transports: LiveCapacity['transports'] = plan.transports.map(({ name }) => ({
    ...{ name, bracket: { kept: 0, failed: null }, messages: 0, steps: [], found: null }
  }))
  const maxMessages = Math.min(study.maxMessages, options.maxMessages)
  const concurrency = study.concurrency ?? loadConcurrency(plan.load)
  const soFar = new Map<string, CapacityTransport>()
  let now: LiveCapacity['now'] = null
  let state: LiveCapacity['state'] = 'running'
  let leftSeconds: number | null = null
  const objectives = study.objectives.map(parseObjective).flatMap((each) => (each.ok ? [each.value] : []))

  const recordSoFar = (): CapacityRecord => ({
    schema: 1,
    objectives: study.objectives,
    search: { holdSeconds, confirmSeconds, precision, startRate, ceilingRate, concurrency, repeat: 1 },
    transports: transports.flatMap(({ found, name }) => found ?? soFar.get(name) ?? [])
  })
  const onEvent = (event: CapacityEvent): void => {
    const { transport: name, bracket, messages, secondsLeft } = event
    const of = transports.find((transport) => transport.name === name)
    if (of === undefined) return
    Object.assign(of, { bracket, messages })
    leftSeconds = secondsLeft
    const begin = (step: Omit<LiveStep, 'transport' | 'seconds'>): void => {
      now = { transport: name, ...step, seconds: [] }
    }
    switch (event.kind) {
      case 'step-begun':
        begin({ doing: 'step', ...event })
        break
      case 'second':
        now?.seconds.push(event)
        break
      case 'step-ended':
        of.steps.push(event.step)
        soFar.set(name, event.soFar)
        news.measured({ capacity: recordSoFar(), sweep: null })
        break
      case 'recovery-begun':
        begin({
          ...{ doing: 'recovery', rate: event.trickleRate, leastSeconds: 0, mostSeconds: 0 },
          reason: `a trickle until the peer is as fast as before ${figure(event.afterRate)} a second`
        })
        break
      case 'recovery-ended':
        break
      case 'wait':
        begin({
          ...{ doing: 'wait', rate: null, reason: event.reason },
          ...{ leastSeconds: event.waitSeconds, mostSeconds: event.waitSeconds }
        })
        break
      case 'found':
        of.found = event.found
        news.measured({ capacity: recordSoFar(), sweep: null })
        break
    }
    news.shown()
  }
  let searching: CapacitySearch | undefined
  return {
    run: async () => {
      searching = startCapacity(
        {
          ...{ plan, objectives, keychain, maxMessages, fork, openCrew },
          search: {
            ...DEFAULT_SEARCH,
            ...{ startRate, ceilingRate, precision, coolDownSeconds, holdSeconds, confirmSeconds }
          },
          concurrency
        },
        onEvent
      )
      const { record, ended } = await searching.done
      return { stopped: ended === 'stopped', capacity: record, sweep: null }
    },
    stop: () => {
      state = 'stopping'
      searching?.stop()
    },
    live: () => ({
      ...{ kind: 'capacity', runId: id, name: plan.name, state, study, transports, now },
      elapsedMs: performance.now() - startedMs,
      secondsLeft: leftSeconds
    })
  }
}

function sweep(options: StudyRunOptions, study: LiveSweep['study'], news: News): Course {
  const { plan, id, keychain, fork } = options
  const startedMs = performance.now()
  const steps = study.kind === 'distance' ? study.rttsMs.length : study.sizesBytes.length
  const maxMessages = Math.floor(options.maxMessages / steps)
  const live: LiveSweep = {
    ...{ kind: study.kind, runId: id, name: plan.name, state: 'running', study },
    ...{ elapsedMs: 0, secondsLeft: null, transports: [], step: 0, steps: 0, value: 0, snapshot: null }
  }
  let sweeping: Sweep | undefined
  return {
    run: async () => {
      sweeping = startSweep(
        {
          ...{ plan, keychain, maxMessages, fork },
          rttsMs: study.kind === 'distance' ? study.rttsMs : [plan.emulate.rttMs],
          ...(study.kind === 'distance' ? {} : { sizesBytes: study.sizesBytes }),
          onPoint: (record) => {
            live.transports = record.transports
            news.measured({ capacity: null, sweep: record })
            news.shown()
          }
        },
        ({ rttMs, sizeBytes, step, steps, snapshot }) => {
          Object.assign(live, { step, steps, value: sizeBytes ?? rttMs, snapshot })
          live.secondsLeft = secondsLeft(
            performance.now() - startedMs,
            (step - 1 + snapshot.progress) / steps
          )
          news.shown()
        }
      )
      const { record, stopped } = await sweeping.done
      return { stopped, capacity: null, sweep: record }
    },
    stop: () => {
      live.state = 'stopping'
      sweeping?.stop()
    },
    live: () => ({ ...live, elapsedMs: performance.now() - startedMs })
  }
}

/** The rest takes as long as the part that is done took, for its size. */
function secondsLeft(elapsedMs: number, done: number): number | null {
  return done < 0.02 ? null : ((elapsedMs / 1000) * (1 - done)) / done
}
