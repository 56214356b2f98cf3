import { Worker } from 'node:worker_threads'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import type { SendResult } from '../transports/send-result.ts'
import { moduleUrl } from '../module-url.ts'
import { BEAT, type TickerStart } from './beat.ts'
import { STALL_US } from './stall-watch.ts'
import { LATE_US } from '../record/fold.ts'
import type { LoadDriver, LoadOptions, Slot } from './load-driver.ts'
import { createPacer, type Schedule, type SchedulePart } from './pacer.ts'
import { pieceSeconds } from '../../shared/plan/rate-pieces.ts'

export interface OpenLoadOptions extends LoadOptions {
  schedule: Schedule
  part: SchedulePart
  /** Start of the schedule on the threads' shared clock, µs; the first worker that asks decides it for all. */
  startUs: () => number
  /** A send started this much too late although a lane was free: the thread that sends, or its ticker, stood still. */
  onStall: (endUs: number, lengthUs: number) => void
  /** How long sends that are due may still wait for a lane once the schedule is over, ms. */
  drainMs: number
  /** Claims one more send of the run; false when the hard stop is reached. */
  mayStart: () => boolean
  onMeasuring: () => void
}

export interface OpenLoad extends LoadDriver {
  /** Resolves when the thread that keeps the schedule is there; to start before would make the first sends late. */
  readonly ready: Promise<void>
}

/** From this share of a send's own time on, a late start is a part of what it measured. */
const LATE_SHARE_OF_SEND = 0.1

interface OpenSlot extends Slot {
  /** A lane had been free since before the send in flight was due. */
  hadLane: boolean
}

/**
 * An open load: sends come due by the clock, whatever the peer does. One that finds no free lane waits for
 * one, and its response time runs from when it was due.
 */
export function createOpenLoad(options: OpenLoadOptions): OpenLoad {
  const { schedule, part } = options
  const slots: OpenSlot[] = []
  const free: OpenSlot[] = []
  const warmupSeconds = pieceSeconds(schedule.warmup)
  const beats = new Int32Array(new SharedArrayBuffer(BEAT.size * 4))
  const pacer = createPacer(schedule, part)
  let startUs = 0
  let taken = 0
  let scheduleOver = false
  let stopped = false
  let idle = false
  let measuring = false
  /** Since when sends are due and no lane is free, and when that was last so; 0 for not at all. */
  let blockedSinceUs = 0
  let blockedUntilUs = 0
  let blockedUs = 0
  let late = 0
  let backlogAtEnd = 0
  let drainTimer: NodeJS.Timeout | undefined
  const workerData: TickerStart = { schedule, part, beats: beats.buffer }
  const ticker = new Worker(moduleUrl('engine/ticker'), { workerData })
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()

  const dueCount = (): number => Atomics.load(beats, BEAT.due)

  const beginMeasuring = (atUs: number): void => {
    measuring = true
    if (blockedSinceUs !== 0) blockedSinceUs = atUs
    options.onMeasuring()
  }

  const startSend = (slot: OpenSlot, dueSeconds: number): void => {
    const atUs = nowUs()
    const dueUs = Math.min(startUs + dueSeconds * 1e6, atUs)
    slot.current = dueSeconds < warmupSeconds ? 'warm-up' : 'measured'
    const hadLane = blockedSinceUs === 0 && dueUs > blockedUntilUs
    if (slot.current === 'measured') {
      if (!measuring) beginMeasuring(atUs)
      slot.hadLane = hadLane
    }
    if (hadLane && atUs - dueUs >= STALL_US) options.onStall(atUs, atUs - dueUs)
    slot.lane.send(options.nextSeq(), dueUs, false)
  }

  const pump = (): void => {
    while (!stopped && taken < dueCount()) {
      const slot = free.pop()
      if (slot === undefined) break
      if (!options.mayStart()) {
        free.push(slot)
        stop()
        return
      }
      taken++
      startSend(slot, pacer.next())
    }
    trackBlocked()
    endWhenIdle()
  }

  const trackBlocked = (): void => {
    const blocked = !stopped && free.length === 0 && taken < dueCount()
    if (blocked === (blockedSinceUs !== 0)) return
    const atUs = nowUs()
    if (blocked) {
      blockedSinceUs = atUs
      return
    }
    if (measuring) blockedUs += atUs - blockedSinceUs
    blockedSinceUs = 0
    blockedUntilUs = atUs
  }

  const endWhenIdle = (): void => {
    const nothingMore = stopped || (scheduleOver && taken >= dueCount())
    if (idle || !nothingMore) return
    options.onDraining()
    if (free.length < slots.length) return
    idle = true
    clearTimeout(drainTimer)
    void ticker.terminate()
    options.onIdle()
  }

  ticker.on('message', (message: 'ready' | 'due' | 'over') => {
    if (message === 'ready') return onReady()
    Atomics.store(beats, BEAT.told, 0)
    if (message === 'over' && !idle) {
      scheduleOver = true
      backlogAtEnd = dueCount() - taken
      drainTimer = setTimeout(stop, options.drainMs)
    }
    pump()
  })

  const stop = (): void => {
    stopped = true
    Atomics.store(beats, BEAT.end, 1)
    Atomics.notify(beats, BEAT.end)
    trackBlocked()
    endWhenIdle()
  }

  const openLanes = (): void => {
    for (let index = 0; index < options.lanes; index++) {
      const lane = options.client.openLane(index, (result) => {
        const measured = slot.current === 'measured'
        if (measured && slot.hadLane && isMadeLonger(result)) late++
        options.onResult(result, measured)
        free.push(slot)
        pump()
      })
      const slot: OpenSlot = { lane, current: 'none', next: 'none', hadLane: false }
      slots.push(slot)
      free.push(slot)
    }
  }

  return {
    ready,
    start() {
      if (stopped) return
      openLanes()
      const sharedStartUs = options.startUs()
      startUs = sharedStartUs - sharedClockOffsetUs()
      ticker.postMessage(sharedStartUs)
    },
    stop,
    cut() {
      stop()
      for (const slot of slots) slot.lane.abort()
    },
    facts: () => ({
      noSlotSeconds: blockedUs / 1e6 / part.parts,
      lateOnFreeSlot: late,
      backlogAtEnd,
      unstarted: dueCount() - taken,
      scheduleOver
    })
  }
}

function isMadeLonger({ dueUs, startedUs, doneUs }: SendResult): boolean {
  return startedUs - dueUs > Math.max(LATE_US, LATE_SHARE_OF_SEND * (doneUs - startedUs))
}
