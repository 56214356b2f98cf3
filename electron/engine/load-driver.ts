import type { SendResult } from '../transports/send-result.ts'
import type { Client, Lane } from '../transports/client.ts'
import { nowUs } from '../transports/clock.ts'
import type { BlockEnd } from '../record/block-end.ts'

/** What a driver reports to: one finished send, warm-up or measured. */
export type OnResult = (result: SendResult, measured: boolean) => void

/** Decides whether and as what a lane's next send starts. */
export type Claim = 'warm-up' | 'measured' | 'none'

/** Keeps a set of lanes busy until told otherwise. Exactly one of the ends calls `onIdle`, once. */
export interface LoadDriver {
  start(): void
  /** Starts nothing more; sends in flight end by themselves. */
  stop(): void
  /** Cuts what is in flight: it ends as aborted. */
  cut(): void
  /** What an open load tells of its schedule; zeros for a closed one. */
  facts(): LoadFacts
}

export type LoadFacts = Pick<
  BlockEnd,
  'noSlotSeconds' | 'lateOnFreeSlot' | 'backlogAtEnd' | 'unstarted' | 'scheduleOver'
>

/** A lane with what is to happen on it next. */
export interface Slot {
  lane: Lane
  /** What the send in flight was claimed as. */
  current: Claim
  /** Claimed ahead for a client that overlaps messages. */
  next: Claim
}

/** What every load is driven with. */
export interface LoadOptions {
  client: Client
  lanes: number
  nextSeq: () => number
  onResult: OnResult
  /** Nothing more will be started: what is in flight is waited for. */
  onDraining: () => void
  onIdle: () => void
}

export interface ClosedLoadOptions extends LoadOptions {
  /** The client puts the next envelope behind the current content, so the next send is claimed ahead. */
  overlap: boolean
  /** @param isFirst this lane has sent nothing yet: for its first send, and for the one claimed ahead with it */
  claim: (atUs: number, isFirst: boolean) => Claim
}

/** A closed load: every lane starts its next send as soon as the one before has ended. */
export function createClosedLoad(options: ClosedLoadOptions): LoadDriver {
  const slots: Slot[] = []
  let busy = 0
  let stopped = false

  const claim = (atUs: number, isFirst: boolean): Claim => (stopped ? 'none' : options.claim(atUs, isFirst))

  const start = (slot: Slot): void => {
    const atUs = nowUs()
    const isFirst = slot.current === 'none'
    slot.current = slot.next === 'none' ? claim(atUs, isFirst) : slot.next
    slot.next = 'none'
    if (slot.current === 'none') {
      options.onDraining()
      busy--
      if (busy === 0) options.onIdle()
      return
    }
    if (options.overlap) slot.next = claim(atUs, isFirst)
    slot.lane.send(options.nextSeq(), atUs, slot.next !== 'none')
  }

  return {
    start() {
      for (let index = 0; index < options.lanes; index++) {
        const lane = options.client.openLane(index, (result) => {
          options.onResult(result, slot.current === 'measured')
          start(slot)
        })
        const slot: Slot = { lane, current: 'none', next: 'none' }
        slots.push(slot)
      }
      busy = slots.length
      for (const slot of slots) start(slot)
    },
    stop() {
      stopped = true
    },
    cut() {
      stopped = true
      for (const slot of slots) {
        slot.next = 'none'
        slot.lane.abort()
      }
    },
    facts: () => ({ noSlotSeconds: 0, lateOnFreeSlot: 0, backlogAtEnd: 0, unstarted: 0, scheduleOver: false })
  }
}
