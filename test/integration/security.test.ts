import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { createApi, type Api } from '../../electron/api/create-api.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { serveHost } from '../../electron/serve/serve-host.ts'
import { createServices } from '../../electron/api/create-services.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { filesBelow } from '../support/planted-secrets.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'

const HOSTILE = `=HYPERLINK("http://x","y")</td></script><script>alert(1)</script><img src=x onerror=alert(2)>`

test('a server that answers with script and formulas gets neither into the report nor into a spreadsheet', async () => {
  const http = createServer((request, response) => {
    request.resume()
    response.writeHead(422, { Server: HOSTILE }).end(HOSTILE)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const smtp = await startRawServer({
    capabilities: [HOSTILE],
    answer: (command) => (command.startsWith('RCPT') ? `550 ${HOSTILE}\r\n` : undefined)
  })
  const plan: PlanInput = {
    schema: 1,
    name: `=cmd|' /C calc'!A0`,
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 4 },
    warmupSeconds: 0,
    rounds: 1,
    transports: [
      { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: smtp.port, security: 'none' },
      {
        name: 'api',
        protocol: 'http',
        provider: 'mailgun',
        domain: 'example.com',
        url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`
      }
    ]
  }
  const folder = temporaryFolder()
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify(plan))
  try {
    const run = await cli(['run', file, '--out', join(folder, 'run')])
    expect(run.exitCode, run.stderr).toBe(1)
    const html = join(folder, 'report.html')
    const report = await cli(['report', join(folder, 'run'), '--html', html])
    expect(report.exitCode, report.stderr).toBe(0)
    const text = readFileSync(html, 'utf8')
    expect(text).toContain('&lt;script&gt;alert(1)')
    expect(text).not.toContain('<script>alert')
    expect(text).not.toContain('<img src=x')
    const tables = [...filesBelow(join(folder, 'run'))].filter(([name]) => name.endsWith('.csv'))
    expect(tables.map(([, table]) => table).join('')).toContain('HYPERLINK')
    for (const [name, table] of tables) expect(table, name).not.toMatch(/(^|[\n,"])[=+@\t]/)
  } finally {
    await smtp.close()
    http.close()
  }
})

describe('a run from elsewhere', () => {
  let root: string
  let data: string
  let api: Api
  const good = runRecord([transportRecord('smtp', [[1000, 2000]])])

  beforeEach(() => {
    root = temporaryFolder()
    data = join(root, 'data')
    mkdirSync(join(data, 'runs'), { recursive: true })
    const services = createServices({ folder: data, settings: openSettings(data), secrets: closedKeychain })
    api = createApi(services, serveHost)
  })

  const importText = (text: string): ReturnType<Api['call']> => api.call('runs.import', [text])
  const changed = (change: Partial<Record<keyof RunRecord, unknown>>): string =>
    JSON.stringify({ ...good, ...change })

  test.each<[string, string]>([
    ['no JSON', '{"schema": 1'],
    ['JSON of another kind', '[1, 2, 3]'],
    ['null', 'null'],
    ['arrays 200,000 deep', '['.repeat(200_000) + ']'.repeat(200_000)],
    [
      'objects 100,000 deep in the plan',
      changed({}).replace('"plan":{', `"plan":{"x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},`)
    ],
    ['a field of the wrong type', changed({ name: { toString: 1 } })],
    ['counts below zero', JSON.stringify(good).replace(/"sent":\d+/, '"sent":-5')],
    ['numbers beyond every number', JSON.stringify(good).replace(/"sent":\d+/, '"sent":1e999')],
    ['a plan of another schema', changed({ plan: { ...good.plan, schema: 2 } })],
    ['a state that there is not', changed({ state: 'constructor' })]
  ])('with %s is refused in words, and nothing is kept', async (_what, text) => {
    const answer = await importText(text)
    expect(answer).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/cannot be imported/) as string }
    })
    expect(readdirSync(join(data, 'runs'))).toEqual([])
  })

  test.each([
    '../../escaped',
    '/tmp/escaped',
    '..',
    '.',
    '.deleted',
    'a/b',
    'a\\b',
    'con:',
    '',
    'x'.repeat(5000),
    'a\0b'
  ])('whose id is %j gets an id of its own inside the history', async (id) => {
    const answer = await importText(changed({ id }))
    expect(answer).toMatchObject({ ok: true })
    const [folder, ...others] = readdirSync(join(data, 'runs'))
    expect(others).toEqual([])
    expect(folder).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/)
    expect(readdirSync(root)).toEqual(['data'])
  })

  test.each([
    ['the record', '{'],
    ['its settings', '"settings":{']
  ])('cannot change what every object inherits, by keys of %s', async (_where, before) => {
    const keys = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'
    const text = changed({}).replace(before, `${before}${keys},`).replace(',}', '}')
    expect(JSON.parse(text)).toHaveProperty('schema')
    const answer = await importText(text)
    expect('polluted' in {}).toBe(false)
    expect(JSON.stringify(answer)).not.toContain('polluted')
    for (const [name, file] of filesBelow(data)) expect(file, name).not.toContain('polluted')
  })

  test.each(['runs.get', 'runs.delete', 'runs.restore', 'runs.rename', 'runs.export', 'runs.compare'])(
    '%s takes no path for an id',
    async (channel) => {
      const before = [...filesBelow(root).keys()]
      for (const id of ['../data', '..', '/etc', 'a/b', '.deleted', ''])
        for (const args of [[id], [id, 'name'], [id, 'json'], [id, id]])
          expect(await api.call(channel, args)).toMatchObject({ ok: false })
      expect([...filesBelow(root).keys()]).toEqual(before)
    }
  )

  const lies: [string, (bytes: Buffer) => Buffer][] = [
    ['claims more counts than it has', (bytes) => writeInt(bytes, 4, 0x7fff_ffff)],
    ['claims no range', (bytes) => writeInt(bytes, 20, 0)],
    ['claims an endless range', (bytes) => writeInt(bytes, 24, 0x7fff_ffff)],
    ['claims other digits', (bytes) => writeInt(bytes, 12, 5)],
    ['is cut short', (bytes) => bytes.subarray(0, 30)],
    ['unpacks to 300 MB', () => Buffer.alloc(300_000_000)],
    [
      'has one run of 2^40 empty counts',
      (bytes) =>
        writeInt(
          Buffer.concat([bytes.subarray(0, 40), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x3f])]),
          4,
          6
        )
    ]
  ]
  test.each(lies)(
    'whose histogram %s is refused when it comes in, in time',
    async (_what, lie) => {
      const histogram = relabelled(good.transports[0]?.histogram ?? '', lie)
      for (const field of ['histogram', 'serviceHistogram']) {
        const transports = good.transports.map((transport) => ({ ...transport, [field]: histogram }))
        expect(await importText(changed({ transports }))).toMatchObject({
          ok: false,
          error: { message: expect.stringMatching(new RegExp(`${field}.*HdrHistogram`)) as string }
        })
      }
      expect(readdirSync(join(data, 'runs'))).toEqual([])
    },
    30_000
  )

  test('links in its folder are replaced, not written through', async () => {
    const { value } = (await importText(changed({}))) as { value: { id: string } }
    const folder = join(data, 'runs', value.id)
    const victims = ['summary.csv', 'errors.csv'].map((name) => {
      const victim = join(root, `victim of ${name}`)
      writeFileSync(victim, 'mine')
      rmSync(join(folder, name), { force: true })
      symlinkSync(victim, join(folder, name))
      return victim
    })
    expect(await api.call('runs.rename', [value.id, 'new name'])).toMatchObject({ ok: true })
    for (const victim of victims) expect(readFileSync(victim, 'utf8')).toBe('mine')
    expect(await api.call('runs.get', [value.id])).toMatchObject({ value: { name: 'new name' } })
  })
})

function writeInt(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeInt32BE(value, at)
  return copy
}

/** A histogram's text again, with its inside changed. */
function relabelled(base64: string, change: (bytes: Buffer) => Buffer): string {
  const envelope = Buffer.from(base64, 'base64')
  const packed = deflateSync(change(inflateSync(envelope.subarray(8))))
  return Buffer.concat([writeInt(envelope.subarray(0, 8), 4, packed.length), packed]).toString('base64')
}
