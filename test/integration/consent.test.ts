import { once } from 'node:events'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AppRunner } from '../../electron/api/app-runner.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunEnd } from '../../shared/record/snapshot.ts'
import { createClient } from '../../electron/engine/create-client.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { openSecrets } from '../../electron/store/keychain-file.ts'
import { KnownSecrets } from '../../electron/store/known-secrets.ts'
import { composeContent } from '../../electron/transports/content.ts'
import { validPlan } from '../support/records.ts'
import { cli, temporaryFolder, type CliResult } from '../support/cli.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'

/** A loopback alias that the tests declare remote. */
const REMOTE = '127.0.0.2'
let server: Server
let heard: string
let connections: number
let data: string

beforeEach(async () => {
  heard = ''
  connections = 0
  data = temporaryFolder()
  server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => (heard += bytes.toString('latin1')))
    socket.write('220 mail.test\r\n')
    socket.on('data', () => socket.write('535 5.7.8 no\r\n'))
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
})
afterEach(() => {
  server.close()
})

const port = (): number => (server.address() as AddressInfo).port

function planFile(auth: object | null, transport: object = {}): string {
  const file = join(temporaryFolder(), 'plan.json')
  const plan = {
    schema: 1,
    name: 'from elsewhere',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 6 },
    timeoutSeconds: 2,
    transports: [
      {
        ...{ name: 'relay', protocol: 'smtp', host: REMOTE, port: port(), security: 'none', auth },
        ...transport
      }
    ]
  }
  writeFileSync(file, JSON.stringify(plan))
  return file
}

const run = (file: string, ...args: string[]): Promise<CliResult> =>
  cli(['run', file, '--remote', ...args], {
    CHATTERMARK_REMOTE_HOSTS: REMOTE,
    CHATTERMARK_DATA: data,
    PLANTED: 'a planted password'
  })

describe('a secret that has never gone to a host', () => {
  const auth = { user: 'u', password: { env: 'PLANTED' } }

  test('stays here, and is named with the host, the method and how safe it is', async () => {
    const { exitCode, stderr } = await run(planFile(auth))
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /environment variable PLANTED to 127\.0\.0\.2:\d+ \(relay\), AUTH PLAIN over an unencrypted/
    )
    expect(stderr).toMatch(/in the clear[^]*--allow-secrets/)
    expect(connections).toBe(0)
  })

  test('goes with --allow-secrets, and from then on to this host alone', async () => {
    expect((await run(planFile(auth), '--allow-secrets')).stderr).not.toMatch(/--allow-secrets/)
    expect(connections).toBeGreaterThan(0)
    expect((await run(planFile(auth))).stderr).not.toMatch(/--allow-secrets/)
    expect((await run(planFile({ ...auth, password: { env: 'HOME' } }))).stderr).toMatch(/--allow-secrets/)
    expect(readFileSync(join(data, 'known-secrets.json'), 'utf8')).not.toContain('a planted password')
  })

  test('goes with --allow-secrets where nothing can be remembered, as in a container without a writable home', async () => {
    const file = join(data, 'no-folder')
    writeFileSync(file, '')
    data = join(file, 'Chattermark')
    const out = join(temporaryFolder(), 'run')
    const { stderr } = await run(planFile(auth), '--allow-secrets', '--out', out)
    expect(connections).toBeGreaterThan(0)
    expect(stderr).toContain('the next run will need --allow-secrets again')
  })
})

test('a keychain secret goes to the host alone that it was entered for', async () => {
  const folder = temporaryFolder()
  // Stands in for the system's keychain, which needs a desktop.
  const keychain = openSecrets(folder, {
    available: () => Promise.resolve(true),
    encrypt: (text) => Promise.resolve(Buffer.from(text).reverse()),
    decrypt: (sealed) =>
      Promise.resolve({ result: Buffer.from(sealed).reverse().toString(), shouldReEncrypt: false })
  })
  await keychain.set('relay', 'a planted password', 'Mail.Example.com')
  expect(await keychain.get('relay', 'mail.example.com')).toBe('a planted password')
  await expect(keychain.get('relay', 'mail.example.net')).rejects.toThrow(
    'was entered for mail.example.com, and mail.example.net does not get it'
  )
  expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).not.toContain('planted')
})

test('a run of the app sends no more to a remote target than its user has agreed to', async () => {
  const relay = await startRawServer()
  vi.stubEnv('CHATTERMARK_REMOTE_HOSTS', '127.0.0.1')
  try {
    const folder = temporaryFolder()
    const runner = new AppRunner({
      known: new KnownSecrets(folder),
      runsFolder: folder,
      keychain: () => Promise.resolve(null),
      server: () => null
    })
    const ended = new Promise<RunEnd>((resolve) => runner.onEnd(resolve))
    const plan = validPlan({
      load: { model: 'closed', concurrency: 2, durationSeconds: 60 },
      rounds: 1,
      warmupSeconds: 0,
      transports: [{ name: 'relay', protocol: 'smtp', host: '127.0.0.1', port: relay.port, security: 'none' }]
    })
    const consent = { realRecipients: false, secrets: false, maxMessages: 5 }
    await expect(runner.start(plan, { ...consent, remote: false })).rejects.toThrow(/not on this machine/)
    expect(await runner.start(plan, { ...consent, remote: true })).toMatchObject({ ok: true })
    const { runId } = await ended
    const { transports } = await readRun(join(folder, runId))
    expect(transports[0]?.counts.sent).toBe(5)
    expect(transports[0]?.notes.join(' ')).toContain('The hard stop of 5 messages')
    expect(relay.messages).toHaveLength(5)
  } finally {
    vi.unstubAllEnvs()
    await relay.close()
  }
})

describe('a file that a plan names for a secret', () => {
  const local = (file: string): Promise<CliResult> =>
    run(planFile({ user: 'u', password: { file } }, { host: '127.0.0.1' }))

  test.skipIf(process.platform !== 'linux').each([
    ['the environment of the process', '/proc/self/environ', /pseudo file/],
    ['a device that never ends', '/dev/zero', /no regular file/],
    ['a folder', '/tmp', /no regular file/]
  ])('is not read where it is %s', async (_what, file, says) => {
    const { exitCode, stderr } = await local(file)
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(says)
    expect(connections).toBe(0)
  })

  test.skipIf(process.platform === 'win32')('is not waited for where it is a FIFO', async () => {
    const fifo = join(temporaryFolder(), 'fifo')
    execFileSync('mkfifo', [fifo])
    expect((await local(fifo)).stderr).toMatch(/no regular file/)
  })

  test('is not read where it is larger than any secret, and refused where it cannot be masked', async () => {
    const file = join(temporaryFolder(), 'secret')
    writeFileSync(file, 'x'.repeat(20_000))
    expect((await local(file)).stderr).toMatch(/20000 bytes; at most/)
    writeFileSync(file, 'abc\n')
    expect((await local(file)).stderr).toMatch(/cannot be masked/)
  })
})

test('a caFile that is no PEM is refused before anybody is connected to', async () => {
  const file = join(temporaryFolder(), 'ca.pem')
  writeFileSync(file, 'not a certificate')
  const { exitCode, stderr } = await run(
    planFile(null, { host: '127.0.0.1', security: 'starttls', tls: { caFile: file } })
  )
  expect(exitCode).toBe(3)
  expect(stderr).toMatch(/tls\.caFile: .*holds no certificate in PEM form/)
  expect(connections).toBe(0)
})

test('a host that counts as this machine and leads elsewhere is not connected to', async () => {
  const transports: PlanInput['transports'] = [
    { name: 'l', protocol: 'smtp', host: 'localhost', port: port(), security: 'none' },
    { name: 'h', protocol: 'http', url: `http://localhost:${port()}`, domain: 'example.com' },
    { name: 'n', protocol: 'smtp', client: 'nodemailer', host: 'localhost', port: port(), security: 'none' },
    {
      name: 'u',
      protocol: 'http',
      client: 'undici',
      url: `http://localhost:${port()}`,
      domain: 'example.com'
    }
  ]
  const plan = validPlan({ transports })
  for (const transport of plan.transports) {
    const client = await createClient({
      ...{ transport, connectHost: 'localhost', connectPort: port(), password: null, caPem: null },
      content: await composeContent(plan.message, 'aa'),
      ...{ timeoutMs: 1000, concurrency: 1 },
      // As a resolver would that leads localhost to another machine; 0.0.0.0 would really be connected to.
      lookup: (_host, _family, done) => done(null, [{ address: '0.0.0.0', family: 4 }])
    })
    await expect(client.preflight(), transport.name).rejects.toThrow(/not this machine/)
    await client.close(0)
  }
  expect(connections).toBe(0)
})

test('a template takes secrets anywhere, and no record and no transcript shows them', async () => {
  const template = {
    path: '/send',
    query: { key: { env: 'PLANTED' } },
    headers: { 'X-Api-Key': 'plain-secret-in-a-header', Authorization: { env: 'PLANTED', prefix: 'Token ' } },
    body: { auth: { token: { env: 'PLANTED' } }, to: '{{to}}' }
  }
  const url = `http://127.0.0.1:${port()}/v1?signature=plain-secret-in-a-query`
  const file = planFile(null)
  const plan = JSON.parse(readFileSync(file, 'utf8')) as PlanInput
  const transports = [{ name: 'api', protocol: 'http', provider: 'generic', url, template }]
  writeFileSync(file, JSON.stringify({ ...plan, transports }))
  const out = join(temporaryFolder(), 'run')
  await run(file, '--out', out)
  const sent = heard.replace(/\r\n/g, '\n')
  expect(sent).toContain('POST /v1/send?key=a%20planted%20password&signature=plain-secret-in-a-query ')
  expect(sent).toContain('Authorization: Token a planted password')
  expect(sent).toContain('"token":"a planted password"')
  const explained = await cli(['explain', file], { CHATTERMARK_DATA: data, PLANTED: 'a planted password' })
  const texts = [explained.stdout, explained.stderr]
  for (const name of ['run.json', 'errors.csv', 'journal.ndjson']) {
    if (existsSync(join(out, name))) texts.push(readFileSync(join(out, name), 'utf8'))
  }
  expect(texts.join('')).toContain('***')
  for (const text of texts) expect(text).not.toMatch(/planted.{1,3}password|plain-secret/)
})

test('a syntax error in a plan does not echo the text around it', async () => {
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, '{ "auth": { "password": "hunter2hunter2" x } }')
  const { exitCode, stderr } = await cli(['run', file])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/not JSON.*line 1/)
  expect(stderr).not.toContain('hunter2')
})
