import { Worker } from 'node:worker_threads'
import type { Client } from '../transports/client.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
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
  onIdle: () => void
}

export interface OpenLoad extends LoadDriver {
  /** Measured time in which a send was due and no lane was free, µs. */
  noSlotUs(): number
  /** Measured sends that started late although a lane had been free since before they were due. */
  lateOnFreeSlot(): number
  /** Sends that were due and never got a lane. */
  unstarted(): number
}

/**
 * An open load: sends come due by the clock, whatever the peer does. One that finds no free lane waits for
 * one, and its response time runs from when it was due.
 */
export function createOpenLoad(options: OpenLoadOptions): OpenLoad {
  const { schedule, part } = options
  const slots: Slot[] = []
  const free: Slot[] = []
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

  const startSend = (slot: Slot, dueSeconds: number): void => {
    const atUs = nowUs()
    const dueUs = Math.min(startUs + dueSeconds * 1e6, atUs)
    slot.current = dueSeconds < warmupSeconds ? 'warm-up' : 'measured'
    if (slot.current === 'measured') {
      if (!measuring) beginMeasuring(atUs)
      if (atUs - dueUs > LATE_US && blockedSinceUs === 0 && dueUs > blockedUntilUs) late++
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
    if (idle || !nothingMore || free.length < slots.length) return
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
        options.onResult(result, slot.current === 'measured')
        free.push(slot)
        pump()
      })
      const slot: Slot = { lane, current: 'none', next: 'none' }
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
    unstarted: () => dueCount() - taken
  }
}
