import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import { composeContent, type Content } from '../transports/content.ts'
import { COUNTER, type Block, type FromWorker, type ToWorker, type WorkerStart } from './block.ts'
import type { BlockEnd } from '../record/block-end.ts'
import { createBlockRun, type BlockRun } from './block-run.ts'

const port = parentPort
if (port === null) throw new Error('engine-worker runs only as a worker thread')

const start = workerData as WorkerStart
const counters = new Int32Array(start.counters)
const loadStart = new BigInt64Array(start.loadStart)
/** Headroom before the first send of an open load is due, for the workers to get ready together, µs. */
const LEAD_US = 150_000
/** Before a common moment this much is spent awake, and no longer than this asleep at a time, ms. */
const AWAKE_MS = 3
const POLL_MS = 100
const contents = new Map<number, Content>()
let current: BlockRun | undefined
let stopped = false
/** The block that runs, or is being set up, is to start nothing more. */
let ended = false

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

async function run(block: Block): Promise<BlockEnd> {
  const prepared = start.transports[block.transport]
  if (prepared === undefined) throw new Error(`no transport ${block.transport}`)
  let content = contents.get(block.transport)
  if (content === undefined) {
    content = await composeContent(start.plan.message, prepared.runTag, prepared.headers)
    contents.set(block.transport, content)
  }
  current = await createBlockRun({
    start,
    block,
    prepared,
    content,
    nextSeq: () => Atomics.add(counters, COUNTER.seq, 1),
    takeMeasured: () => Atomics.sub(counters, COUNTER.left, 1) > 0,
    mayStart: () => Atomics.add(counters, COUNTER.claimed, 1) < start.maxMessages,
    loadStartUs,
    post
  })
  if (stopped || ended) current.stop()
  const startErrorMs = block.startUs === null ? undefined : await begin(block.startUs)
  const end = await current.run()
  current = undefined
  return startErrorMs === undefined ? end : { ...end, startErrorMs }
}

/** Waits for the common moment; returns by how much it was missed, ms. */
async function begin(startUs: number): Promise<number> {
  const clockOffsetUs = sharedClockOffsetUs()
  const leftMs = (): number => (startUs - nowUs() - clockOffsetUs) / 1000
  // Timers are late by up to a millisecond or two: the last of it is spent awake.
  while (leftMs() > AWAKE_MS && !stopped) await sleep(Math.min(POLL_MS, leftMs() - AWAKE_MS))
  while (leftMs() > 0 && !stopped) continue
  return stopped ? 0 : Math.max(0, -leftMs())
}

/** The first worker that is ready decides for all. */
function loadStartUs(): number {
  const mine = BigInt(Math.round(nowUs() + sharedClockOffsetUs() + LEAD_US))
  const decided = Atomics.compareExchange(loadStart, 0, 0n, mine)
  return Number(decided === 0n ? mine : decided)
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'block':
      ended = false
      void run(message.block).then((end) => {
        post({ type: 'block-end', end })
      })
      break
    case 'end-block':
      ended = true
      current?.stop()
      break
    case 'stop':
      stopped = true
      if (message.cut) current?.cut()
      else current?.stop()
      break
  }
})
post({ type: 'ready' })
