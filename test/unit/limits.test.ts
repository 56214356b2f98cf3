import { describe, expect, it } from 'vitest'
import { findGeneratorLimit, limitReason } from '../../electron/record/limits.ts'

const facts = {
  ...{ offeredRate: 200, dueRate: 200, throughput: 200, noSlotShare: 0, throttled: 0 },
  ...{ lookupMs: 0, chatterMs: 20, transferMs: 0, serverMs: 100, clientMs: 1 }
}

describe('this machine as the limit', () => {
  it.each([
    {
      title: 'an idle event loop and punctual sends are none',
      utilization: 0.4,
      late: 3,
      sent: 1000,
      kind: null
    },
    {
      title: 'an event loop busy nearly all the time',
      utilization: 0.93,
      late: 0,
      sent: 1000,
      kind: 'saturated'
    },
    {
      title: 'half a percent of late starts, which reach a p99',
      utilization: 0.4,
      late: 5,
      sent: 1000,
      kind: 'late'
    },
    { title: 'late starts that reach no p99', utilization: 0.4, late: 40, sent: 10_000, kind: null },
    { title: 'one hiccup among few sends is none', utilization: 0.4, late: 1, sent: 100, kind: null },
    {
      title: 'an idle event loop that gets no processor when a reply comes',
      utilization: 0.04,
      late: 0,
      sent: 1000,
      cpuWaitMs: 10.6,
      kind: 'starved'
    },
    {
      title: 'a wait for a processor that is small beside a turn is none',
      utilization: 0.04,
      late: 0,
      sent: 1000,
      cpuWaitMs: 1.9,
      kind: null
    },
    { title: 'nothing sent is no sign of anything', utilization: 0, late: 0, sent: 0, kind: null }
  ])('$title', ({ utilization, late, sent, cpuWaitMs, kind }) => {
    const facts = { eventLoopUtilization: utilization, cpuWaitMs: cpuWaitMs ?? null, turnMs: 20 }
    expect(findGeneratorLimit({ ...facts, lateOnFreeSlot: late, sent, accepted: sent })?.kind ?? null).toBe(
      kind
    )
  })
})

describe('the reason why a rate was not reached', () => {
  it.each([
    { title: 'none when it was reached', changes: {}, reason: null },
    { title: 'none within two percent', changes: { throughput: 197 }, reason: null },
    {
      title: 'none when all that came due by chance was accepted',
      changes: { dueRate: 190, throughput: 190 },
      reason: null
    },
    {
      title: 'none for a closed load',
      changes: { offeredRate: null, noSlotShare: null, throughput: 5 },
      reason: null
    },
    {
      title: 'throttling is named before the rate',
      changes: { throttled: 12 },
      reason: /slow down 12 times/
    },
    {
      title: 'a peer that leaves no slot free',
      changes: { throughput: 120, noSlotShare: 0.4 },
      reason: /120 of 200.*40.%.*no slot was free, so the peer is too slow/
    },
    {
      title: 'round trips that leave no slot free, by a peer that was idle',
      changes: { throughput: 21, noSlotShare: 0.98, chatterMs: 180, serverMs: 10 },
      reason:
        /no slot was free, and of the 191.ms that a message takes 94.% is round trips and 5.% the server’s/
    },
    {
      title: 'slots that are short while nobody knows what a message takes',
      changes: { throughput: 21, noSlotShare: 0.98, chatterMs: null, serverMs: null, clientMs: null },
      reason: /no slot was free, so a message takes too long for this rate/
    },
    {
      title: 'refusals and late answers',
      changes: { throughput: 120 },
      reason: /120 of 200.*refused, failed/
    }
  ])('$title', ({ changes, reason }) => {
    const found = limitReason({ ...facts, ...changes }, null)
    if (reason === null) expect(found).toBeNull()
    else expect(found).toMatch(reason)
  })

  it('names this machine first, whatever else was the matter, and what the peer asked for as well', () => {
    const found = limitReason({ ...facts, throughput: 90, throttled: 5 }, { kind: 'late', share: 0.12 })
    expect(found).toMatch(/^This machine was the limit: 12.%.* The peer asked to slow down 5 times\.$/)
  })
})
