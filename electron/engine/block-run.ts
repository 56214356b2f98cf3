import { loadConcurrency, type Transport } from '../../shared/plan.ts'
import type { Counts } from '../../shared/run-record.ts'
import { sharedClockOffsetUs } from '../transports/clock.ts'
import type { Content } from '../transports/content.ts'
import type { SendResult } from '../transports/send-result.ts'
import type { Block, BlockEnd, FromWorker, PreparedTransport, WorkerStart } from './block.ts'
import { createClient } from './create-client.ts'
import { Fold } from './fold.ts'
import { createClosedLoad, type Claim, type LoadDriver } from './load-driver.ts'
import { createOpenLoad, type OpenLoad } from './open-load.ts'
import { SendLog } from './send-log.ts'

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
    transport: prepared.transport,
    connectHost: prepared.connectHost,
    connectPort: prepared.connectPort,
    password: prepared.password,
    secrets: prepared.secrets,
    caPem: prepared.caPem,
    content: options.content,
    timeoutMs: plan.timeoutSeconds * 1000,
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
  const warmup: Counts = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
  let utilizationAtStart = performance.eventLoopUtilization()
  let measuring = false
  let cutOff = false

  const beginMeasuring = (): void => {
    if (measuring) return
    measuring = true
    utilizationAtStart = performance.eventLoopUtilization()
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
  let first = true
  const onResult = (result: SendResult, measured: boolean): void => {
    if (first && isLoginRefusal(prepared.transport, result)) {
      post({ type: 'refused', code: result.code, sample: result.sample })
    }
    first = false
    if (measured) {
      fold.add(result)
      sendLog?.add(result)
    } else {
      warmup.sent++
      warmup[result.outcome]++
    }
  }

  let onIdle = (): void => undefined
  const idle = new Promise<void>((resolve) => {
    onIdle = resolve
  })
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
      claim: (atUs) => {
        const claimed = claim(atUs)
        return claimed !== 'none' && mayStart() ? claimed : 'none'
      }
    })

  const currentUtilization = (): number =>
    utilization ?? performance.eventLoopUtilization(utilizationAtStart).utilization
  const blockEnd = (eventLoopUtilization: number): BlockEnd => ({
    warmup,
    stats: { ...client.stats },
    observed: client.observed,
    eventLoopUtilization,
    ...openFacts(open, block.part.parts)
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
      }, REPORT_MS)
      const reportSoFar = setInterval(() => {
        post({ type: 'block-so-far', end: blockEnd(currentUtilization()) })
      }, SO_FAR_MS)
      driver.start()
      await idle
      clearInterval(report)
      clearInterval(reportSoFar)
      const finalUtilization = currentUtilization()
      fold.flush()
      sendLog?.flush()
      await client.close(cutOff ? 0 : CLOSE_MS)
      return blockEnd(finalUtilization)
    }
  }
}

/** An HTTP API has no login to try before the first send; SMTP's was tried before the run. */
function isLoginRefusal(transport: Transport, { outcome, code }: SendResult): boolean {
  return transport.protocol === 'http' && outcome === 'rejected' && (code === '401' || code === '403')
}

function openFacts(
  open: OpenLoad | null,
  workers: number
): Pick<BlockEnd, 'noSlotSeconds' | 'lateOnFreeSlot' | 'unstarted' | 'scheduleOver'> {
  if (open === null) return { noSlotSeconds: 0, lateOnFreeSlot: 0, unstarted: 0, scheduleOver: false }
  return {
    noSlotSeconds: open.noSlotUs() / 1e6 / workers,
    lateOnFreeSlot: open.lateOnFreeSlot(),
    unstarted: open.unstarted(),
    scheduleOver: open.scheduleOver()
  }
}

function closedClaims(
  block: Block,
  takeMeasured: () => boolean,
  beginMeasuring: () => void
): (atUs: number) => Claim {
  const { load } = block
  let warmupEndsUs = 0
  return (atUs) => {
    if (warmupEndsUs === 0) warmupEndsUs = atUs + block.warmupSeconds * 1e6
    if (atUs < warmupEndsUs) return 'warm-up'
    beginMeasuring()
    if (load.kind === 'duration') return atUs < warmupEndsUs + load.seconds * 1e6 ? 'measured' : 'none'
    return takeMeasured() ? 'measured' : 'none'
  }
}
