import { afterEach, describe, expect, it } from 'vitest'
import { startRun, type Run } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import type { Load, Plan } from '../../shared/plan/plan.ts'
import type { RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { besideBareTicker } from '../support/bare-ticker.ts'
import { exponentialFit } from '../support/exponential-fit.ts'
import { validPlan } from '../support/records.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { startStallingApi, type StallingApi } from '../support/stalling-api.ts'
import { until } from '../support/until.ts'

let api: StallingApi | undefined

afterEach(async () => {
  await api?.stop()
  api = undefined
})

function planFor(url: string, load: Load, changes: Partial<Plan> = {}): Plan {
  return {
    ...validPlan({
      warmupSeconds: 0,
      rounds: 1,
      message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 100 },
      transports: [{ name: 'api', protocol: 'http', url, domain: 'example.com' }]
    }),
    load,
    ...changes
  }
}

function open(
  rate: number,
  durationSeconds: number,
  changes: Partial<Extract<Load, { model: 'open' }>> = {}
): Load {
  return { model: 'open', rate, durationSeconds, arrivals: 'constant', maxConcurrency: 20, ...changes }
}

function start(plan: Plan, workers = 1): Run {
  return startRun({
    plan,
    workers,
    folder: temporaryFolder(),
    force: false,
    collectSends: false,
    keychain: noKeychain
  })
}

function only({ transports }: RunRecord): TransportRecord {
  const [transport] = transports
  if (transport === undefined) throw new Error('no transport')
  return transport
}

async function measured(plan: Plan, workers?: number): Promise<TransportRecord> {
  return only((await start(plan, workers).done).record)
}

function total({ counts, warmup }: TransportRecord): number {
  return counts.sent + warmup.sent
}

// A machine that is busy with something else stalls server and client alike.
describe('an open load against a server that stalls once', { retry: 3 }, () => {
  it('shows the stall in response times as arithmetic says, not in service times, and keeps its schedule', async () => {
    // Of 10,000 sends, 1,000 come due in the stall; the slowest hundredth came due in its first 100 ms.
    const [warmupSends, stallAt] = [500, 3500]
    api = await startStallingApi({ stallAtRequest: stallAt, stallMs: 1000 })
    const transport = await measured(planFor(api.url, open(1000, 10), { warmupSeconds: 0.5 }))
    expect(transport.counts).toEqual({ sent: 10_000, accepted: 10_000, rejected: 0, failed: 0, aborted: 0 })
    expect(transport.warmup.sent).toBe(warmupSends)
    expect(transport.response.p99).toBeGreaterThan(900 * 0.9)
    expect(transport.response.p99).toBeLessThan(900 * 1.1)
    expect(transport.service.p99).toBeLessThan(100)
    expect(transport.noSlotShare).toBeGreaterThan(0.09)

    const arrivals = (await api.arrivals()).slice(warmupSends)
    const seconds = ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1000
    expect(arrivals).toHaveLength(10_000)
    expect((arrivals.length - 1) / seconds).toBeGreaterThan(995)
    expect((arrivals.length - 1) / seconds).toBeLessThan(1005)
  })

  it('reaches a server that notes Poisson arrivals with exponential gaps', async () => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const load = open(20, 15, { arrivals: 'poisson' })
    const { warmup } = await measured(planFor(api.url, load, { seed: 1, warmupSeconds: 0.5 }))
    const arrivals = (await api.arrivals()).slice(warmup.sent)
    const gaps = arrivals.slice(1).map((time, index) => (time - (arrivals[index] ?? 0)) / 1000)
    expect(gaps.length).toBeGreaterThan(200)
    expect(exponentialFit(gaps, 20)).toMatchObject({ fits: true })
  })
})

describe('sends of an open load', { retry: 3 }, () => {
  it('start within 1 ms of when they are due at 2,000 a second, as far as this machine wakes a thread in time', async () => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const load = open(2000, 3, { maxConcurrency: 200 })
    const plan = planFor(api.url, load, { warmupSeconds: 1 })
    const { result, machineLate } = await besideBareTicker(2000, () => measured(plan))
    const { counts, startedLate, eventLoopUtilization } = result
    // So little work keeps no other thread from its processor.
    expect(eventLoopUtilization).toBeLessThan(0.7)
    expect(counts).toMatchObject({ sent: 6000, accepted: 6000 })
    expect(startedLate / counts.sent).toBeLessThan(0.05 + 3 * machineLate)
  })
})

// A machine that is busy with something else may truly be the limit of any load.
describe('this machine as the limit', { retry: 3 }, () => {
  it('is told of a load that keeps the sending thread busy all the time', async () => {
    // nodemailer takes several times as long over a message as the server that it talks to.
    const server = await startRawServer()
    const plan = validPlan({
      load: { model: 'closed', concurrency: 20, durationSeconds: 3 },
      warmupSeconds: 0.5,
      rounds: 1,
      transports: [
        {
          name: 'smtp',
          protocol: 'smtp',
          client: 'nodemailer',
          host: '127.0.0.1',
          port: server.port,
          security: 'none'
        }
      ]
    })
    const busy = measured(plan)
    await busy.catch(() => undefined)
    await server.close()
    const { generatorLimited, limitReason } = await busy
    expect(generatorLimited).toBe(true)
    expect(limitReason).toMatch(/^This machine was the limit: the event loop that sends was busy/)
  })

  it('is not told of one that leaves it idle most of the time', async () => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0, thinkMs: 20 })
    const load = open(50, 3)
    const plan = planFor(api.url, load, { warmupSeconds: 0.5 })
    const { result: found, machineLate } = await besideBareTicker(500, () => measured(plan))
    const wakesInTime = machineLate < 0.02
    expect(found.eventLoopUtilization).toBeLessThan(0.5)
    expect(found.limitReason ?? '').not.toMatch(/event loop/)
    // Where neighbours keep even a bare thread from waking in time, they are rightly named.
    expect(found.generatorLimited && wakesInTime).toBe(false)
  })
})

describe('an open load over several workers', () => {
  it.each([
    { title: 'with lanes for all', workers: 3, maxConnections: null },
    { title: 'with a lane for only one of them', workers: 3, maxConnections: 1 }
  ])('sends every message once: $title', async ({ workers, maxConnections }) => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const plan = planFor(api.url, open(200, 1.5), { warmupSeconds: 0.5, rounds: 2 })
    const [transport] = plan.transports
    if (transport === undefined) throw new Error('no transport')
    const limited = { ...plan, transports: [{ ...transport, maxConnections }] }
    const found = await measured(limited, workers)
    expect(found.counts).toMatchObject({ sent: 300, accepted: 300 })
    expect(await api.arrivals()).toHaveLength(total(found))
    if (maxConnections !== null) expect(found.connections.maxOpen).toBe(maxConnections)
  })
})

// A machine that is busy with something else starts sends late without any fault of the pacer.
describe('stages', { retry: 3 }, () => {
  it('ramp up from nothing to their rate', async () => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const load: Load = {
      model: 'stages',
      arrivals: 'constant',
      maxConcurrency: 20,
      stages: [
        { rate: 100, durationSeconds: 2, ramp: true },
        { rate: 100, durationSeconds: 1, ramp: false }
      ]
    }
    const transport = await measured(planFor(api.url, load))
    expect(transport.counts.accepted).toBe(200)
    const arrivals = await api.arrivals()
    // The area below the ramp's first second is 25 sends; a send's place is told from the last, when all is warm.
    const last = arrivals.at(-1) ?? 0
    const inFirstSecond = arrivals.filter((time) => time < last - 2000).length
    expect(inFirstSecond).toBeGreaterThan(15)
    expect(inFirstSecond).toBeLessThan(35)
  })
})

describe('an open load that is cut short', () => {
  it.each([
    { title: 'a stop lets the sends in flight end', stops: 1, aborted: 0 },
    { title: 'a second stop aborts them', stops: 2, aborted: 5 }
  ])('$title, and no sum is lost', async ({ stops, aborted }) => {
    // So long that the stop comes well within it.
    api = await startStallingApi({ stallAtRequest: 100, stallMs: 6000 })
    const run = start(planFor(api.url, open(200, 60, { maxConcurrency: 5 })))
    await until('the stall', () => (run.snapshot().transports[0]?.counts.sent ?? 0) >= 90)
    const stalledMs = run.snapshot().elapsedMs
    await until('sends to queue behind it', () => run.snapshot().elapsedMs > stalledMs + 1000)
    for (let stop = 0; stop < stops; stop++) run.stop()
    const { state, record } = await run.done
    const found = only(record)
    const { counts } = found
    expect(state).toBe('stopped')
    expect(counts.accepted + counts.rejected + counts.failed + counts.aborted).toBe(counts.sent)
    expect(counts.aborted).toBe(aborted)
    expect(found.notes.join()).toMatch(/came due but never got a slot/)
    const arrived = (await api.arrivals()).length
    expect(arrived).toBeGreaterThanOrEqual(counts.accepted)
    expect(arrived).toBeLessThanOrEqual(counts.sent)
  })
})

describe('the hard stop', () => {
  const loads: { title: string; load: Load }[] = [
    { title: 'an open load', load: open(300, 30) },
    { title: 'a closed load', load: { model: 'closed', concurrency: 4, durationSeconds: 30 } }
  ]
  it.each(loads)('ends $title at the message', async ({ load }) => {
    api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const run = startRun({
      plan: planFor(api.url, load, { warmupSeconds: 0.2 }),
      workers: 2,
      folder: temporaryFolder(),
      force: false,
      collectSends: false,
      maxMessages: 150,
      keychain: noKeychain
    })
    const result = await run.done
    expect(result).toMatchObject({ usedUp: true, state: 'stopped' })
    expect(await api.arrivals()).toHaveLength(150)
    expect(total(only(result.record))).toBe(150)
    expect(only(result.record).notes.join()).toMatch(/hard stop of 150 messages/)
  })
})
