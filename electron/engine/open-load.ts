import { Worker } from 'node:worker_threads'
import type { Client } from '../transports/client.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import type { SendResult } from '../transports/send-result.ts'
import { moduleUrl } from '../module-url.ts'
import { BEAT, type MetronomeStart } from './beat.ts'
import { LATE_US } from './fold.ts'
import type { LoadDriver, OnResult, Slot } from './load-driver.ts'
import { createPacer, pieceSeconds, type Schedule, type SchedulePart } from './pacer.ts'

export interface OpenLoadOptions {
  client: Client
  lanes: number
  schedule: Schedule
  part: SchedulePart
  /** Start of the schedule on the threads' shared clock, µs; the first worker that asks decides it for all. */
  startUs: () => number
  /** How long sends that are due may still wait for a lane once the schedule is over, ms. */
  drainMs: number
  /** Claims one more send of the run; false when the hard stop is reached. */
  mayStart: () => boolean
  nextSeq: () => number
  onMeasuring: () => void
  onResult: OnResult
  /** Nothing more will be started: what is in flight is waited for. */
  onDraining: () => void
  onIdle: () => void
}

export interface OpenLoad extends LoadDriver {
  /** Measured time in which a send was due and no lane was free, µs. */
  noSlotUs(): number
  /** Measured sends that a late start made longer although a lane had been free since before they were due. */
  lateOnFreeSlot(): number
  /** The schedule ran to its end. */
  scheduleOver(): boolean
  /** Sends that were due and never got a lane. */
  unstarted(): number
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
  let drainTimer: NodeJS.Timeout | undefined
  let metronome: Worker | undefined

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
    if (slot.current === 'measured') {
      if (!measuring) beginMeasuring(atUs)
      slot.hadLane = blockedSinceUs === 0 && dueUs > blockedUntilUs
    }
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
    void metronome?.terminate()
    options.onIdle()
  }

  const onMessage = (message: 'due' | 'over'): void => {
    Atomics.store(beats, BEAT.told, 0)
    if (message === 'over' && !idle) {
      scheduleOver = true
      drainTimer = setTimeout(stop, options.drainMs)
    }
    pump()
  }

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
    start() {
      if (stopped) return
      openLanes()
      const sharedStartUs = options.startUs()
      startUs = sharedStartUs - sharedClockOffsetUs()
      const workerData: MetronomeStart = { schedule, part, startUs: sharedStartUs, beats: beats.buffer }
      metronome = new Worker(moduleUrl('engine/metronome'), { workerData })
      metronome.on('message', onMessage)
    },
    stop,
    cut() {
      stop()
      for (const slot of slots) slot.lane.abort()
    },
    noSlotUs: () => blockedUs,
    lateOnFreeSlot: () => late,
    scheduleOver: () => scheduleOver,
    unstarted: () => dueCount() - taken
  }
}

function isMadeLonger({ dueUs, startedUs, doneUs }: SendResult): boolean {
  return startedUs - dueUs > Math.max(LATE_US, LATE_SHARE_OF_SEND * (doneUs - startedUs))
}
