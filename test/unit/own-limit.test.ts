import { expect, it } from 'vitest'
import { ownLimit, type OwnSide } from '../../electron/engine/own-limit.ts'

const PEER: OwnSide = {
  ...{ eventLoopUtilization: 0.3, cpuWaitMs: 0.5, turnMs: 40, lateOnFreeSlot: 0, sent: 1000, accepted: 1000 },
  ...{ noSlotShare: 0.9, responseMs: 900, serviceMs: 500, baseServiceMs: 40 }
}

it.each([
  { title: 'a peer that has slowed down with every slot taken', change: {}, limit: undefined },
  {
    title: 'every slot taken by a peer that is no slower: the search’s own limit',
    change: { serviceMs: 41 },
    limit: 'concurrency'
  },
  { title: 'a busy event loop', change: { eventLoopUtilization: 0.95 }, limit: 'machine' },
  { title: 'late starts with slots free', change: { lateOnFreeSlot: 300 }, limit: 'machine' },
  {
    title: 'late starts that are nothing beside the time that the peer took',
    change: { lateOnFreeSlot: 300, responseMs: 510 },
    limit: undefined
  },
  {
    title: 'a wait for the processor that is a good part of a send',
    change: { cpuWaitMs: 8, serviceMs: 60, noSlotShare: 0 },
    limit: 'machine'
  },
  { title: 'a wait for the processor beside a long queue', change: { cpuWaitMs: 8 }, limit: undefined }
])('$title', ({ change, limit }) => {
  expect(ownLimit('queue', { ...PEER, ...change })?.limit).toBe(limit)
  expect(ownLimit('throttling', { ...PEER, ...change })).toBeNull()
})
