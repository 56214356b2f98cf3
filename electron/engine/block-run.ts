import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import type { Content } from '../transports/content.ts'
import type { SendResult } from '../transports/send-result.ts'
import { isLoginRefusal } from './login-refusal.ts'
import type { Block, FromWorker, PreparedTransport, WorkerStart } from './block.ts'
import type { BlockEnd } from '../record/block-end.ts'
import { watchCpuWait } from './cpu-wait.ts'
import { createClient, timeLimits } from './create-client.ts'
import { noCounts } from '../record/counts.ts'
import { Fold } from '../record/fold.ts'
import { GapWatch } from './gap-watch.ts'
import { createClosedLoad, type ClosedLoadOptions, type LoadDriver } from './load-driver.ts'
import { createOpenLoad } from './open-load.ts'
import { SendLog } from '../record/send-log.ts'
import { watchStalls } from './stall-watch.ts'
import { LoadRoundTrips } from './load-round-trips.ts'
import { connectProbe, linkProbe } from './round-trip-probe.ts'

/** How often measured results are reported, ms. */
const REPORT_MS = 200
/** How often the state beside the results is reported, ms. */
const SO_FAR_MS = 1000
/** Time that the event loop must have been watched for its utilization to mean anything, ms. */
const LEAST_WATCHED_MS = 100
/** How long kept connections may take to say goodbye after a block, ms. */
const CLOSE_MS = 2000

export interface BlockRunOptions {
  start: WorkerStart
  block: Block
  prepared: PreparedTransport
  content: Content
  nextSeq: () => number
  /** Takes one of the block's measured sends; false when none is left. */
  takeMeasured: () => boolean
  /** Claims one more send of the run; false when the hard stop is reached. */
  mayStart: () => boolean
  /** Start of the block's open load on the shared clock, µs, the same for all workers. */
  loadStartUs: () => number
  post: (message: FromWorker, transfer?: ArrayBuffer[]) => void
}

/** One worker's part of one transport's share of one round. */
export interface BlockRun {
  /** Runs to the end: by load, by `stop`, or by `cut`. */
  run(): Promise<BlockEnd>
  stop(): void
  cut(): void
}

export async function createBlockRun(options: BlockRunOptions): Promise<BlockRun> {
  const { start, block, prepared, post } = options
  const { plan } = start
  const client = await createClient({
    ...prepared,
    content: options.content,
    link: prepared.emulated,
    ...timeLimits(plan),
    concurrency: Math.max(1, Math.min(block.lanes, loadConcurrency(plan.load)))
  })
  const clockOffsetUs = sharedClockOffsetUs() - block.runOriginUs
  const fold = new Fold({
    transport: block.transport,
    round: block.round,
    clockOffsetUs,
    hiddenHandshakeUs: prepared.emulatedRttUs,
    emit: (delta) => {
      post({ type: 'delta', delta, open: client.stats.open })
    }
  })
  const sendLog = start.collectSends
    ? new SendLog({
        transport: block.transport,
        round: block.round,
        worker: start.worker,
        workers: start.workers,
        clockOffsetUs,
        emit: (rows) => {
          post({ type: 'sends', rows }, [rows.rows.buffer as ArrayBuffer])
        }
      })
    : undefined
  const warmup = noCounts()
  let utilizationAtStart = performance.eventLoopUtilization()
  const cpuWait = watchCpuWait()
  const roundTrips = loadRoundTrips(block, prepared)
  let measuring = false
  let cutOff = false

  const beginMeasuring = (): void => {
    if (measuring) return
    measuring = true
    utilizationAtStart = performance.eventLoopUtilization()
    cpuWait.begin()
    roundTrips?.begin()
    post({ type: 'stage', stage: 'measuring' })
  }
  /** Known once nothing more is started: waiting for a straggler would make a saturated thread look idle. */
  let utilization: number | null = null
  const beginDraining = (): void => {
    if (!measuring || utilization !== null) return
    const watched = performance.eventLoopUtilization(utilizationAtStart)
    if (watched.active + watched.idle < LEAST_WATCHED_MS) return
    utilization = watched.utilization
    post({ type: 'stage', stage: 'draining' })
  }
  const gapWatch = new GapWatch(() => ({ us: nowUs(), wallUs: Date.now() * 1000 }))
  /** Measured sends that were in flight, or came due, while this process stood still. */
  let leftOut = 0
  let first = true
  const onResult = (result: SendResult, measured: boolean): void => {
    if (first && isLoginRefusal(prepared.transport, result)) {
      post({ type: 'refused', code: result.code, sample: result.sample })
    }
    first = false
    gapWatch.look()
    if (measured && gapWatch.isSpoiled(result.dueUs, result.doneUs)) {
      leftOut++
      fold.leaveOut(result)
    } else if (measured) {
      fold.add(result)
      sendLog?.add(result)
    } else {
      warmup.sent++
      warmup[result.outcome]++
    }
  }

  const noteStall = (endUs: number, lengthUs: number): void => {
    fold.noteStall(endUs, lengthUs)
  }

  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>()
  let usedUp = false
  const mayStart = (): boolean => {
    if (usedUp) return false
    usedUp = !options.mayStart()
    if (usedUp) post({ type: 'used-up' })
    return !usedUp
  }
  const shared = {
    client,
    lanes: block.lanes,
    nextSeq: options.nextSeq,
    onResult,
    onDraining: beginDraining,
    onIdle
  }
  const open =
    block.load.kind === 'open'
      ? createOpenLoad({
          ...shared,
          schedule: block.load.schedule,
          part: block.part,
          startUs: options.loadStartUs,
          onStall: noteStall,
          drainMs: plan.timeoutSeconds * 1000,
          mayStart,
          onMeasuring: beginMeasuring
        })
      : null
  const claim = closedClaims(block, options.takeMeasured, beginMeasuring)
  const driver: LoadDriver =
    open ??
    createClosedLoad({
      ...shared,
      overlap: prepared.transport.protocol === 'smtp' && prepared.transport.overlap,
      claim: (atUs, isFirst) => {
        const claimed = claim(atUs, isFirst)
        return claimed !== 'none' && mayStart() ? claimed : 'none'
      }
    })

  await open?.ready

  const currentUtilization = (): number =>
    utilization ?? performance.eventLoopUtilization(utilizationAtStart).utilization
  const blockEnd = (eventLoopUtilization: number): BlockEnd => ({
    warmup,
    stats: { ...client.stats },
    observed: client.observed,
    eventLoopUtilization,
    cpuWaitMs: cpuWait.meanMs(),
    ...driver.facts(),
    gaps: gapWatch.gaps.map(({ fromUs, untilUs }) => ({
      startedMs: (fromUs + clockOffsetUs) / 1000,
      seconds: (untilUs - fromUs) / 1e6
    })),
    leftOut,
    loadedRtts: roundTrips?.seen ?? null
  })

  return {
    stop: () => {
      driver.stop()
    },
    cut: () => {
      cutOff = true
      driver.cut()
    },
    async run() {
      post({ type: 'stage', stage: block.warmupSeconds > 0 ? 'warm-up' : 'measuring' })
      const report = setInterval(() => {
        fold.flush()
        sendLog?.flush()
        post({ type: 'told', untilUs: nowUs() + clockOffsetUs })
      }, REPORT_MS)
      const reportSoFar = setInterval(() => {
        post({ type: 'block-so-far', end: blockEnd(currentUtilization()) })
      }, SO_FAR_MS)
      const endStalls = watchStalls(noteStall)
      driver.start()
      await idle
      endStalls()
      roundTrips?.end()
      clearInterval(reportSoFar)
      const finalUtilization = currentUtilization()
      fold.flush()
      sendLog?.flush()
      const end = blockEnd(finalUtilization)
      gapWatch.close()
      cpuWait.close()
      await client.close(cutOff ? 0 : CLOSE_MS)
      // Until here: the others’ time waits for what this one tells.
      clearInterval(report)
      return { ...end, stats: { ...client.stats } }
    }
  }
}

/** An open load shows what the network does under it; a transport whose connections are limited is not given one more. */
function loadRoundTrips({ load, probes }: Block, prepared: PreparedTransport): LoadRoundTrips | null {
  if (load.kind !== 'open' || !probes || prepared.transport.maxConnections !== null) return null
  const { emulated, connectHost, connectPort } = prepared
  if (emulated !== null) return new LoadRoundTrips(linkProbe(emulated))
  return new LoadRoundTrips(connectProbe(connectHost, connectPort, prepared.transport.family ?? 0))
}

/** A warm-up takes its time, and the first send of each lane: what opens a connection is measured on no lane or on all. */
function closedClaims(
  block: Block,
  takeMeasured: () => boolean,
  beginMeasuring: () => void
): ClosedLoadOptions['claim'] {
  const { load, warmupSeconds } = block
  let warmupEndsUs: number | null = null
  let measuredFromUs: number | null = null
  return (atUs, isFirst) => {
    warmupEndsUs ??= atUs + warmupSeconds * 1e6
    if (atUs < warmupEndsUs || (isFirst && warmupSeconds > 0)) return 'warm-up'
    measuredFromUs ??= atUs
    beginMeasuring()
    if (load.kind === 'duration') return atUs < measuredFromUs + load.seconds * 1e6 ? 'measured' : 'none'
    return takeMeasured() ? 'measured' : 'none'
  }
}
