import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi, type Api } from '../../electron/api/create-api.ts'
import { createServices } from '../../electron/api/create-services.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { serveHost } from '../../electron/serve/serve-host.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import { rowsFromPlaces, rowsFromRecord } from '../../shared/insight/turn-rows.ts'
import type { CallChannel, CallResults } from '../../shared/page/ipc.ts'
import { isStudy } from '../../shared/record/study-record.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { temporaryFolder } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'

const PLACES = ['fra', 'iad']
const CONSENT = { remote: false, realRecipients: false, secrets: false, maxMessages: 10_000 }
const PLAN = sandboxPlanInput({
  rounds: 2,
  warmupSeconds: 0,
  load: { model: 'closed', concurrency: 4, messages: 24 }
})

let nats: NatsServer
let agents: AgentProcess[]
let api: Api
let folder: string

beforeAll(async () => {
  nats = await NatsServer.start()
  agents = await Promise.all(PLACES.map((place) => startAgentProcess(nats, place)))
  folder = temporaryFolder()
  api = createApi(
    createServices({ folder, settings: openSettings(folder), secrets: closedKeychain }),
    serveHost
  )
})
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await nats.stop()
})

async function ask<C extends CallChannel>(channel: C, ...args: unknown[]): Promise<CallResults[C]> {
  const answer = await api.call(channel, args)
  if (!answer.ok) throw new Error(answer.error.message)
  return answer.value as CallResults[C]
}

const serverAt = (url: string): Promise<null> => ask('settings.set', { theme: 'dark', server: { url } })

test('without a server there are no agents, and no run goes at places', async () => {
  expect(await ask('places.list')).toEqual({ ok: true, places: [] })
  await expect(ask('run.start', PLAN, CONSENT, null, PLACES)).rejects.toThrow(/No server is set/)
})

test('the agents that are there are listed, and the server is kept beside the theme', async () => {
  await serverAt(nats.url)
  const found = await ask('places.list')
  if (!found.ok) throw new Error(found.message)
  expect(found.places.map(({ name }) => name)).toEqual(PLACES)
  expect(found.places[0]).toMatchObject({ busy: false, remote: false })
  expect(openSettings(folder).get()).toEqual({
    theme: 'dark',
    server: { url: nats.url, credsFile: null, caFile: null }
  })
  await ask('settings.set', { theme: 'light' })
  expect(await ask('settings.get')).toMatchObject({ theme: 'light', server: { url: nats.url } })
})

test('a plan runs at the chosen places, and the result has a row for each of them', async () => {
  const ended = new Promise<{ runId: string; state: string; message: string | null }>((resolve) => {
    const end = api.subscribe('run.end', (payload) => {
      end()
      resolve(payload)
    })
  })
  expect(await ask('run.start', PLAN, CONSENT, null, PLACES)).toMatchObject({ ok: true })
  const { runId, state, message } = await ended
  expect(state, message ?? '').toBe('finished')
  const record = await ask('runs.get', runId)
  if (isStudy(record)) throw new Error('no run')
  expect(record.places.map(({ name }) => name)).toEqual(PLACES)
  for (const transport of record.transports) {
    expect(transport.counts.accepted).toBe(24)
    const parts = transport.places.map(({ counts }) => counts.accepted)
    expect(parts.reduce((sum, count) => sum + count, 0)).toBe(24)
  }
  const rows = rowsFromPlaces(record)
  expect(rows.map(({ label }) => label)).toEqual(
    record.transports.flatMap(({ name }) => PLACES.map((place) => `${name}, ${place}`))
  )
  // The same picture: the same turns as the whole has, at the place's own distance and with its own total.
  const whole = rowsFromRecord(record)
  rows.forEach((row, index) => {
    const transport = record.transports[Math.floor(index / PLACES.length)]
    const figures = transport?.places[index % PLACES.length]
    expect(row.turns.map(({ phase }) => phase)).toEqual(
      whole[Math.floor(index / PLACES.length)]?.turns.map(({ phase }) => phase)
    )
    expect(row.rttMs).toBe(figures?.rttMs)
    expect(row.totalMs).toBeCloseTo(figures?.response.mean ?? NaN, 1)
  })
})

test('a study over distance is not asked of places, whose distances are their own', async () => {
  const study = { kind: 'distance', rttsMs: [2, 12] }
  await expect(ask('run.start', PLAN, CONSENT, study, PLACES)).rejects.toThrow(/distances of their own/)
  expect(await ask('run.current')).toBeNull()
})

test.each([
  ['a login in the address', 'nats://user:hunter2@127.0.0.1:4222'],
  ['an address of the web', 'https://127.0.0.1:4222']
])('%s is refused before anything is connected, and not repeated', async (_what, url) => {
  const answer = await api.call('settings.set', [{ theme: 'dark', server: { url } }])
  expect(answer.ok).toBe(false)
  expect(JSON.stringify(answer)).not.toContain('hunter2')
})

test('a server that is not there is one clear line', async () => {
  const unused = createServer()
  await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve))
  const { port } = unused.address() as AddressInfo
  await new Promise((resolve) => unused.close(resolve))
  await serverAt(`nats://127.0.0.1:${port}`)
  const found = await ask('places.list')
  expect(found.ok ? '' : found.message).toContain(`nats://127.0.0.1:${port}`)
})
