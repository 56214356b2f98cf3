import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectTimes } from '../../electron/engine/connect-times.ts'
import { startRun } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, finished, temporaryFolder } from '../support/cli.ts'
import { mountReadOnly } from '../support/disk.ts'
import { closeAll, listening } from '../support/otlp-receiver.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) closeAll(server)
})

async function api(answer: RequestListener): Promise<string> {
  const server = createHttpServer((request, response) => {
    request.resume().on('end', () => {
      answer(request, response)
    })
  })
  servers.push(server)
  return listening(server)
}

function http(name: string, url: string): PlanInput['transports'][number] {
  return { name, protocol: 'http', url, domain: 'example.com' }
}

function planFile(changes: Partial<PlanInput>): string {
  const file = join(temporaryFolder(), 'plan.json')
  const load = { model: 'closed', concurrency: 2, messages: 20 } as const
  writeFileSync(file, JSON.stringify(sandboxPlanInput({ load, rounds: 1, ...changes })))
  return file
}

test('a run of which every answer is 429, 500 or a redirect ends with 1', async () => {
  const status = (code: number): Promise<string> =>
    api((_, response) => {
      response.writeHead(code, { location: 'http://127.0.0.1:9/' }).end('{}')
    })
  const transports = [
    http('slow-down', await status(429)),
    http('broken', await status(500)),
    http('moved', await status(302))
  ]
  const junit = join(temporaryFolder(), 'run.xml')
  const out = join(temporaryFolder(), 'run')
  const { exitCode, stdout, stderr } = await cli([
    ...['run', planFile({ transports }), '--out', out, '--junit', junit]
  ])
  expect(exitCode).toBe(1)
  for (const name of ['slow-down', 'broken', 'moved'])
    expect(stderr).toContain(`${name}: none of 20 messages was accepted`)
  expect(stdout).toContain('The peer asked to slow down 20 times')
  expect(stdout).not.toContain('This machine was the limit')
  expect(readFileSync(junit, 'utf8')).toContain('tests="3" failures="3"')
})

test('a run over HTTP to an SMTP port ends with 1, and one over SMTP to an HTTP port with 3', async () => {
  const port = Number(new URL(await api((_, response) => response.writeHead(400).end())).port)
  const smtp = { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' } as const
  const mail = createServer((socket) => {
    socket.on('error', () => undefined).write('220 mail.example.com ESMTP\r\n')
  })
  const mailUrl = await listening(mail)
  const run = (transport: PlanInput['transports'][number]): ReturnType<typeof cli> => {
    const plan = planFile({ transports: [transport], timeoutSeconds: 2 })
    return cli(['run', plan, '--out', join(temporaryFolder(), 'run')])
  }
  const overSmtp = await run(smtp)
  expect(overSmtp).toMatchObject({ exitCode: 3, stdout: '' })
  expect(overSmtp.stderr).toContain('nor does an HTTP server')
  const overHttp = await run(http('api', mailUrl))
  expect(overHttp.exitCode).toBe(1)
  expect(overHttp.stdout).toContain('an SMTP server answers there')
  expect(overHttp.stderr).toContain('api: none of 20 messages was accepted')
  mail.close()
})

test('a run that meets EMFILE names "ulimit -n", and blames neither the peer nor the event loop', async () => {
  // A peer that leaves every message without an answer, so that every send keeps its connection.
  const peer = createServer((socket) => {
    socket.on('error', () => undefined).write('220 x\r\n')
    socket.on('data', (bytes) => {
      if (!bytes.toString().startsWith('MAIL')) socket.write('250 x\r\n')
    })
  })
  const port = Number(new URL(await listening(peer)).port)
  const plan = planFile({
    transports: [{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' }],
    load: { model: 'open', rate: 300, durationSeconds: 1, maxConcurrency: 300 },
    timeoutSeconds: 2
  })
  const main = resolve(import.meta.dirname, '../../electron/cli/main.ts')
  const args = ['run', plan, '--out', join(temporaryFolder(), 'run')]
  const limited = spawn('sh', ['-c', 'ulimit -n 150; exec "$0" "$@"', process.execPath, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const { stdout, stderr } = await finished(limited)
  peer.close()
  expect(stderr).toContain('"ulimit -n 400"')
  expect(stdout).toMatch(/local EMFILE in tcp/)
  expect(stdout).toMatch(/shortage of this machine.*EMFILE.*ulimit -n/)
  expect(stdout).not.toContain('the event loop')
})

const readOnly = mountReadOnly()
if (readOnly === null) console.warn('SKIPPED: no file system can be mounted here (needs root)')
test.runIf(readOnly !== null)('--out on a read-only file system is called that, and not ENOENT', async () => {
  using disk = readOnly
  for (const out of ['run', 'not/there/either']) {
    const { exitCode, stderr } = await cli(['run', planFile({}), '--out', join(disk?.folder ?? '', out)])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(
      /output folder .* cannot be made \(EROFS, read-only file system\); nothing was sent/
    )
  }
})

test.skipIf(process.platform !== 'linux')(
  '--out on a pseudo file system does not hang, and is called one that takes no folders',
  async () => {
    const { exitCode, stderr } = await cli(['run', planFile({}), '--out', '/proc/none/deeper'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('the file system of /proc takes no folders; nothing was sent')
  }
)

test('a 401 in a later block costs nothing: the run goes on, and its path is told', async () => {
  let messages = 0
  const url = await api((request, response) => {
    if (request.method === 'POST') messages++
    response.writeHead(messages > 20 ? 401 : 200).end('{"id":"<1@example.com>","message":"Queued."}')
  })
  const out = join(temporaryFolder(), 'run')
  const load = { model: 'closed', concurrency: 2, messages: 40 } as const
  const plan = planFile({ transports: [http('api', url)], rounds: 2, load })
  const { exitCode, stdout, stderr } = await cli(['run', plan, '--out', out])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/rejected 401/)
  expect(stderr).toContain(`The run is in ${out}`)
  expect((await readRun(out)).transports[0]?.counts).toMatchObject({ sent: 40, accepted: 20, rejected: 20 })
})

test('connections_opened counts the warm-up’s too, on which measured sends are kept; bytes and counts do not', async () => {
  const parsed = sandboxPlan({
    load: { model: 'closed', concurrency: 2, messages: 20 },
    rounds: 1,
    warmupSeconds: 1
  })
  const { record } = await startRun({
    ...{ plan: parsed, folder: join(temporaryFolder(), 'run'), force: false, collectSends: false },
    keychain: noKeychain
  }).done
  for (const { name, counts, warmup, connections, bytes } of record.transports) {
    expect(warmup.accepted, name).toBeGreaterThan(0)
    expect(counts.sent).toBe(20)
    expect(connections.opened).toBe(2)
    expect(connections.opened + connections.reused).toBe(counts.sent + warmup.sent)
    // A message of 1,024 bytes and what is around it, twenty times and not more.
    expect(bytes.out / 20).toBeGreaterThan(1024)
    expect(bytes.out / 20).toBeLessThan(3000)
  }
})

test('the round trip of a run that is killed in its first block rests on several connects, and not on the first', async () => {
  let connects = 0
  const peer = createServer((socket) => {
    connects++
    socket.on('error', () => undefined)
  })
  const port = Number(new URL(await listening(peer)).port)
  expect(await connectTimes({ host: '127.0.0.1', port, family: 0 })).toHaveLength(5)
  // A connection is open to who opens it before its server is told.
  await until('all connections to be told', () => connects >= 6)
  peer.close()
  expect(connects).toBe(6)
})

test('a newcomer’s first plan is written, told what it needs, and runs: the sandbox’s login is told', async () => {
  const plan = join(temporaryFolder(), 'plan.json')
  const made = await cli(['init', plan, '--messages', '2'])
  expect(made).toMatchObject({ exitCode: 0, stdout: '' })
  expect(made.stderr).toContain('user "sandbox" ("api" at the API), password { "secret": "sandbox" }')
  expect(parsePlan(JSON.parse(readFileSync(plan, 'utf8')))).toMatchObject({ ok: true })
  expect((await cli(['init', plan])).stderr).toContain('--force')
  expect((await cli(['validate', plan])).exitCode).toBe(0)
})

test.each([
  { args: ['--provider', 'mailgun'], says: /SMTP_PASSWORD and API_KEY\n[^]*--remote --allow-secrets/ },
  { args: ['--provider', 'mailpit'], says: /then: chattermark run \S+ --out result\n/ },
  { args: ['--provider', 'mailgn'], says: /did you mean "mailgun"/ },
  { args: ['--provider', 'ses'], says: /--host is needed/ },
  { args: ['--provider', 'generic', '--host', '127.0.0.1'], says: /wrote/ },
  { args: ['--to', 'a@example.com,b@example.com'], says: /--to: .*one mailbox/ }
])('init without a terminal asks nothing and says what is next: $args', async ({ args, says }) => {
  const plan = join(temporaryFolder(), 'plan.json')
  const { exitCode, stderr } = await cli(['init', plan, ...args])
  expect(stderr).toMatch(says)
  expect(existsSync(plan)).toBe(exitCode === 0)
})
