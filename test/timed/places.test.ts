import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPacer, roundSchedule } from '../../electron/engine/pacer.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import { runRecordSchema } from '../../shared/record/run-record.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { exponentialFit } from '../support/exponential-fit.ts'
import { NatsServer } from '../support/nats-server.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { startStallingApi } from '../support/stalling-api.ts'

const PLACES = ['fra', 'iad', 'sin']
const RATE = 300
const WARMUP_SECONDS = 0.5
/** Gaps of milliseconds would be the receiver's own, where it shares two cores with three agents. */
const FIT_RATE = 20
let nats: NatsServer
let agents: AgentProcess[]

beforeAll(async () => {
  nats = await NatsServer.start()
  agents = await Promise.all(PLACES.map((place) => startAgentProcess(nats, place)))
})

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await nats.stop()
})

// A machine that is busy with something else starts sends late without any fault of the pacers.
describe('an open load of 300 a second over three places', { retry: 3 }, () => {
  it.each(['constant', 'poisson'] as const)('reaches the server as its plan says: %s', async (arrivals) => {
    const api = await startStallingApi({ stallAtRequest: 0, stallMs: 0 })
    const load = { model: 'open', rate: RATE, durationSeconds: 8, arrivals, maxConcurrency: 60 } as const
    const plan = sandboxPlanInput({
      ...{ load, rounds: 1, seed: 1, warmupSeconds: WARMUP_SECONDS },
      transports: [{ name: 'api', protocol: 'http', url: api.url, domain: 'example.com' }]
    })
    const file = join(temporaryFolder(), 'plan.json')
    writeFileSync(file, JSON.stringify(plan))
    const { exitCode, stdout, stderr } = await cli([
      ...['run', file, '--server', nats.url, '--places', PLACES.join(','), '--format', 'json']
    ])
    expect(exitCode, stderr).toBe(0)
    const all = (await api.arrivals()).toSorted((a, b) => a - b)
    await api.stop()

    const pacer = createPacer(roundSchedule(load, 1, { rounds: 1, seed: 1, warmupSeconds: WARMUP_SECONDS }))
    const schedule: number[] = []
    for (let at = pacer.next(); at !== Infinity; at = pacer.next()) schedule.push(1000 * at)
    expect(all).toHaveLength(schedule.length)
    const due = schedule.filter((atMs) => atMs >= 1000 * WARMUP_SECONDS)
    const arrived = all.slice(-due.length)
    const span = (times: readonly number[]): number => (times.at(-1) ?? 0) - (times[0] ?? 0)
    expect(span(arrived) / span(due)).toBeGreaterThan(0.995)
    expect(span(arrived) / span(due)).toBeLessThan(1.005)
    if (arrivals === 'poisson') {
      // Chance that leaves out arrivals of a Poisson process leaves one: as rare as where a single machine is tested.
      const chance = seededRandom(1)
      const some = arrived.filter(() => chance() < FIT_RATE / RATE)
      const gaps = some.slice(1).map((time, index) => (time - (some[index] ?? 0)) / 1000)
      expect(gaps.length).toBeGreaterThan(140)
      expect(exponentialFit(gaps, FIT_RATE)).toMatchObject({ fits: true })
    }
    const { places } = runRecordSchema.parse(JSON.parse(stdout))
    expect(places.map(({ name, state }) => [name, state])).toEqual(PLACES.map((name) => [name, 'finished']))
    for (const { name, startErrorMs } of places) expect(startErrorMs, name).toBeLessThan(10)
  })
})
