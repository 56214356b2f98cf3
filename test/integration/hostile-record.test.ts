import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createApi, type Api } from '../../electron/api/create-api.ts'
import { createServices } from '../../electron/api/create-services.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { serveHost } from '../../electron/serve/serve-host.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import type { RunStart } from '../../electron/record/run-start.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { EXPORT_FORMATS } from '../../shared/page/ipc.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { filesBelow } from '../support/planted-secrets.ts'
import { runRecord, transportRecord } from '../support/records.ts'

let root: string
let data: string
let api: Api
const good = runRecord([transportRecord('smtp', [[1000, 2000]])])
const RUN_FORMATS = EXPORT_FORMATS.filter(
  (format) => !['capacity.csv', 'sweep.csv', 'deliveries.csv'].includes(format)
)

beforeEach(() => {
  root = temporaryFolder()
  data = join(root, 'data')
  mkdirSync(join(data, 'runs'), { recursive: true })
  api = createApi(
    createServices({ folder: data, settings: openSettings(data), secrets: closedKeychain }),
    serveHost
  )
})

async function imported(record: unknown): Promise<{ ok: boolean; value?: { id: string }; error?: unknown }> {
  return (await api.call('runs.import', [JSON.stringify(record)])) as { ok: boolean }
}

const withTransport = (change: object): RunRecord => ({
  ...good,
  transports: good.transports.map((transport) => ({ ...transport, ...change }))
})

test.each(['../../../escaped', '/tmp/escaped', '..', 'a/b', 'a\\b', 'con:', 'x.hgrm/../../y', 'a\0b'])(
  'no name of a transport leads a file out of its folder, unpacked or not: %j',
  async (name) => {
    const record = withTransport({ name })
    expect(await imported(record)).toMatchObject({ ok: false })
    const file = join(root, 'run.json')
    writeFileSync(file, JSON.stringify(record))
    const report = await cli([
      'report',
      file,
      '--hgrm',
      join(root, 'out', 'x.hgrm'),
      '--csv',
      join(root, 'csv')
    ])
    expect(report.exitCode).toBe(2)
    expect(readdirSync(root).sort()).toEqual(['data', 'run.json'])
  }
)

/** ESC, BEL, NUL, DEL, C1, a right-to-left override, and what has no width. */
const STEERING = 'calm\u001b]0;x\u0007\0\u007f\u009b31m\u202etxt.exe\u202c\u200b\u2066\ufeff'
// eslint-disable-next-line no-control-regex -- these are what must be nowhere
const STEERS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

describe('text that steers a terminal, a table or the order of reading', () => {
  const error = { class: 'rejected', code: STEERING, phase: 'rcpt', count: 1, sample: STEERING }
  const hostile = {
    ...withTransport({ errors: [error], notes: [STEERING] }),
    name: STEERING,
    verdict: STEERING
  }

  test('is in no export, no answer to the page and no file of the history', async () => {
    const { value } = await imported(hostile)
    const id = value?.id ?? ''
    for (const format of RUN_FORMATS) {
      const answer = (await api.call('runs.export', [id, format])) as { value: { base64: string } }
      if (format === 'hgrm' || format === 'csv.zip') continue
      expect(Buffer.from(answer.value.base64, 'base64').toString('utf8'), format).not.toMatch(STEERS)
    }
    for (const channel of ['runs.get', 'runs.list'])
      expect(JSON.stringify(await api.call(channel, channel === 'runs.get' ? [id] : []))).not.toMatch(STEERS)
    for (const [name] of filesBelow(data))
      expect(readFileSync(join(data, name), 'utf8'), name).not.toMatch(STEERS)
  })

  test.each([['text'], ['json']])('does not reach a terminal as %s', async (format) => {
    const file = join(root, 'run.json')
    writeFileSync(file, JSON.stringify(hostile))
    const { stdout, stderr, exitCode } = await cli(['report', file, '--format', format])
    expect(exitCode, stderr).toBe(0)
    expect(stdout + stderr).not.toMatch(STEERS)
    expect(stdout).toContain('calm')
  })
})

test('a text that gives orders to the runner of a pipeline gives none, and JSON still says the same', async () => {
  const orders = '::stop-commands::x ##[add-path]/tmp'
  const file = join(root, 'run.json')
  writeFileSync(file, JSON.stringify({ ...good, name: orders, verdict: `calm\n  ${orders}` }))
  const text = await cli(['report', file])
  expect(text.stdout).toContain('stop-commands')
  const json = await cli(['report', file, '--format', 'json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ name: orders })
  for (const { stdout, stderr } of [text, json]) expect(stdout + stderr).not.toMatch(/^\s*::|##\[/m)
})

test('a journal from elsewhere steers as little as a record', async () => {
  const folder = join(root, 'crashed')
  mkdirSync(folder)
  const start: RunStart = {
    ...{ id: 'x', startedAt: good.startedAt, environment: good.environment, plan: good.plan },
    transports: good.plan.transports.map(({ name }) => ({
      ...{ emulatedRttMs: null, peer: name, connectsUs: [], leastConnectUs: 1000, observed: null },
      ...{ settings: {}, notes: [STEERING] }
    }))
  }
  writeFileSync(join(folder, JOURNAL_FILE), `${JSON.stringify({ kind: 'start', start })}\n`)
  expect((await readRun(folder)).transports[0]?.notes.join('')).toContain('calm')
  expect(JSON.stringify(await readRun(folder))).not.toMatch(STEERS)
})

test.each<[string, object]>([
  [
    'a second that lies in the year 5000',
    {
      timeline: [{ ...{ second: 2 ** 52, accepted: 1, rejected: 0, failed: 0, aborted: 0 }, p50: 1, p99: 1 }]
    }
  ],
  [
    'a billion turns in a phase',
    { phases: [{ ...{ name: 'rcpt', count: 2, meanMs: 1, p50: 1, p99: 1 }, turns: 1e9 }] }
  ],
  [
    'times beyond all bounds',
    {
      rttMs: 1e308,
      serverMs: 1e308,
      clientMs: 1e308,
      service: { ...good.transports[0]?.service, mean: 1e308 }
    }
  ],
  ['times near nothing', { rttMs: 1e-300, serverMs: 0, clientMs: 0 }]
])('a record with %s is shown or refused, in time', async (_what, change) => {
  const answer = await imported(withTransport(change))
  if (!answer.ok) return
  const id = answer.value?.id ?? ''
  for (const format of RUN_FORMATS) expect(await api.call('runs.export', [id, format])).toHaveProperty('ok')
})

test('a record whose clock jumped back does not end before it began', async () => {
  const jumped = { ...good, startedAt: '2026-11-23T14:02:00.000Z', finishedAt: '2026-11-23T13:00:00.000Z' }
  const { value } = await imported(jumped)
  const answer = (await api.call('runs.get', [value?.id])) as { value: RunRecord }
  expect(answer.value.finishedAt >= answer.value.startedAt).toBe(true)
})
