import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../electron/api/create-api.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { serveHost } from '../../electron/serve/serve-host.ts'
import { createServices } from '../../electron/api/create-services.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import { cramMd5Response, digestIn } from '../../electron/transports/smtp/sasl.ts'
import { EXPORT_FORMATS, PUSH_CHANNELS } from '../../shared/page/ipc.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, finished, startCli, temporaryFolder, type CliResult } from '../support/cli.ts'
import { startEchoServers, type EchoMood, type EchoServers } from '../support/echo-servers.ts'
import { filesBelow, findSecrets, plantedSecret } from '../support/planted-secrets.ts'
import { CRAM_CHALLENGE } from '../support/smtp-raw-server.ts'
import { until } from '../support/until.ts'

const USER = 'tester'
const SECRETS = {
  'the password from the environment': plantedSecret('env'),
  'the password from a file': plantedSecret('file'),
  'the OAuth token': plantedSecret('token'),
  'the token that is the user name too': plantedSecret('user'),
  'the API key': plantedSecret('key')
}
const cramAnswer = cramMd5Response(USER, SECRETS['the password from the environment'], CRAM_CHALLENGE)
const CRAM = {
  'the answer to CRAM-MD5': cramAnswer.replace(/=+$/, ''),
  'the digest of CRAM-MD5': digestIn(cramAnswer)
}
const USERS = [USER, 'api', SECRETS['the token that is the user name too']]
const ENV = {
  PLANTED_USER: SECRETS['the token that is the user name too'],
  PLANTED_PASSWORD: SECRETS['the password from the environment'],
  PLANTED_TOKEN: SECRETS['the OAuth token'],
  PLANTED_KEY: SECRETS['the API key']
}

let servers: EchoServers
/** Everything that the tests make goes below it, in a folder for each test, but for the secret itself. */
let secretFile: string

beforeAll(async () => {
  servers = await startEchoServers()
  secretFile = join(temporaryFolder(), 'secret.txt')
  writeFileSync(secretFile, `${SECRETS['the password from a file']}\n`)
})
afterAll(() => servers[Symbol.asyncDispose]())

type TransportInput = PlanInput['transports'][number]

function smtpTransports(): TransportInput[] {
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: servers.smtpPort, security: 'none' } as const
  const env = { env: 'PLANTED_PASSWORD' }
  return [
    { ...smtp, name: 'plain', auth: { method: 'plain', user: USER, password: env } },
    // As Postmark has it.
    {
      ...smtp,
      name: 'token-twice',
      auth: { user: { env: 'PLANTED_USER' }, password: { env: 'PLANTED_USER' } }
    },
    { ...smtp, name: 'login', auth: { method: 'login', user: USER, password: { file: secretFile } } },
    {
      ...smtp,
      name: 'oauth',
      messagesPerConnection: 1,
      auth: { method: 'xoauth2', user: USER, password: { env: 'PLANTED_TOKEN' } }
    },
    {
      ...smtp,
      name: 'nodemailer',
      client: 'nodemailer',
      auth: { method: 'plain', user: USER, password: env }
    }
  ]
}

function httpTransports(): TransportInput[] {
  const http = { protocol: 'http', domain: 'example.com' } as const
  const [url, url2] = [servers.httpPort, servers.http2Port].map((port) => `http://127.0.0.1:${port}`) as [
    string,
    string
  ]
  const password = { env: 'PLANTED_KEY' }
  return [
    { ...http, name: 'basic', provider: 'mailgun', url, auth: { user: 'api', password } },
    { ...http, name: 'bearer', provider: 'resend', client: 'undici', url, auth: { password } },
    { ...http, name: 'header', provider: 'postmark', url, auth: { password } },
    { ...http, name: 'http2', provider: 'resend', url: url2, auth: { password }, http: { version: '2' } }
  ]
}

const COUNTED = { model: 'closed', concurrency: 2, messages: 6 } as const

function planInput(transports: TransportInput[], load: PlanInput['load'] = COUNTED): PlanInput {
  return {
    schema: 1,
    name: 'planted',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 300 },
    load,
    warmupSeconds: 0,
    rounds: 1,
    timeoutSeconds: 10,
    transports
  }
}

interface Workplace {
  folder: string
  env: Record<string, string>
  plan: string
}

function workplace(plan: PlanInput): Workplace {
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  mkdirSync(data)
  const path = join(folder, 'plan.json')
  writeFileSync(path, JSON.stringify(plan))
  return { folder, env: { ...ENV, CHATTERMARK_DATA: data }, plan: path }
}

function printed(command: string, { stdout, stderr }: CliResult): [string, string][] {
  return [
    [`stdout of ${command}`, stdout],
    [`stderr of ${command}`, stderr]
  ]
}

function found(texts: ReadonlyMap<string, string>): string[] {
  return findSecrets(texts, SECRETS, USERS)
}

test('the search finds a secret in any spelling', () => {
  const secret = SECRETS['the API key']
  for (const text of [secret, JSON.stringify({ a: secret }), Buffer.from(secret).toString('base64')])
    expect(found(new Map([['here', text]]))).not.toEqual([])
})

describe.each<[EchoMood, 'smtp' | 'http', number]>([
  ['accepts', 'smtp', 0],
  ['accepts', 'http', 0],
  ['rejects messages', 'smtp', 1],
  ['rejects messages', 'http', 1],
  ['refuses the login', 'smtp', 3],
  ['refuses the login', 'http', 3]
])(
  'of a server that repeats what it heard and %s over %s, no secret is kept or shown',
  (mood, kind, exitCode) => {
    test('by run, report and explain', async () => {
      servers.behave(mood)
      const place = workplace(planInput(kind === 'smtp' ? smtpTransports() : httpTransports()))
      const out = join(place.folder, 'result')
      const run = await cli(['run', place.plan, '--sends', '--out', out, '--format', 'json'], place.env)
      expect(run.exitCode, run.stderr).toBe(exitCode)
      const texts = new Map(printed('run', run))
      if (exitCode !== 3) {
        const html = join(place.folder, 'report.html')
        const report = await cli(
          ['report', out, '--html', html, '--csv', join(place.folder, 'csv')],
          place.env
        )
        expect(report.exitCode, report.stderr).toBe(0)
      }
      for (const format of ['text', 'json']) {
        const explain = await cli(['explain', place.plan, '--format', format], place.env)
        for (const [name, text] of printed(`explain --format ${format}`, explain)) texts.set(name, text)
      }
      for (const [name, text] of filesBelow(place.folder)) texts.set(name, text)
      expect(found(texts)).toEqual([])
      // The servers did repeat them, and what they said was kept but for the secrets.
      const echoed = new Map(servers.echoed.map((text, index) => [String(index), text]))
      expect(found(echoed)).not.toEqual([])
      expect([...texts.values()].some((text) => text.includes('***'))).toBe(true)
    })
  }
)

test('the answer to CRAM-MD5, from whose digest a password can be guessed, is kept and shown nowhere', async () => {
  servers.behave('rejects messages')
  const cram: TransportInput = {
    name: 'cram',
    protocol: 'smtp',
    host: '127.0.0.1',
    port: servers.smtpPort,
    security: 'none',
    auth: { method: 'cram-md5', user: USER, password: { env: 'PLANTED_PASSWORD' } }
  }
  const place = workplace(planInput([cram]))
  const out = join(place.folder, 'result')
  const run = await cli(['run', place.plan, '--sends', '--out', out, '--format', 'json'], place.env)
  expect(run.exitCode, run.stderr).toBe(1)
  const explain = await cli(['explain', place.plan], place.env)
  const texts = new Map([...printed('run', run), ...printed('explain', explain), ...filesBelow(place.folder)])
  const leaks = (from: ReadonlyMap<string, string>): string[] =>
    [...from].flatMap(([name, text]) =>
      Object.entries(CRAM).flatMap(([what, form]) => (text.includes(form) ? [`${name} holds ${what}`] : []))
    )
  expect(leaks(new Map([['the echo', servers.echoed.join(' ')]]))).toHaveLength(2)
  expect(leaks(texts)).toEqual([])
  expect(found(texts)).toEqual([])
})

test('a run that is killed leaves no secret in its journal', async () => {
  servers.behave('rejects messages')
  const load = { model: 'closed', concurrency: 1, durationSeconds: 60 } as const
  const place = workplace(planInput([...smtpTransports().slice(0, 1), ...httpTransports().slice(0, 1)], load))
  const out = join(place.folder, 'result')
  const child = startCli(['run', place.plan, '--sends', '--out', out], place.env)
  const ended = finished(child)
  await until('a second of the run in the journal', () =>
    (filesBelow(place.folder).get(join('result', JOURNAL_FILE)) ?? '').includes('550 5.7.1')
  )
  child.kill('SIGKILL')
  const texts = new Map(printed('run', await ended))
  const shown = await cli(['report', out, '--html', join(place.folder, 'crashed.html')], place.env)
  expect(shown.exitCode, shown.stderr).toBe(0)
  for (const [name, text] of filesBelow(place.folder)) texts.set(name, text)
  expect([...texts.keys()]).toContain(join('result', JOURNAL_FILE))
  expect(found(texts)).toEqual([])
})

test('no answer and no push of the page’s API holds a secret', async () => {
  servers.behave('rejects messages')
  const folder = temporaryFolder()
  const secrets = {
    ...closedKeychain,
    get: (id: string) => Promise.resolve(new Map(Object.entries(ENV)).get(id) ?? null)
  }
  const services = createServices({ folder, settings: openSettings(folder), secrets })
  const api = createApi(services, serveHost)
  const texts = new Map<string, string>()
  let over = false
  for (const channel of PUSH_CHANNELS) {
    api.subscribe(channel, (payload) => {
      texts.set(`push ${channel} ${texts.size}`, JSON.stringify(payload))
      if (channel === 'run.end') over = true
    })
  }
  const call = async (channel: string, ...args: unknown[]): Promise<unknown> => {
    const answer = await api.call(channel, args)
    texts.set(`answer to ${channel} ${texts.size}`, JSON.stringify(answer))
    return answer.ok ? answer.value : null
  }
  const transports = [...smtpTransports().slice(-2), ...httpTransports()].map((transport) => ({
    ...transport,
    auth: { ...transport.auth, password: { secret: secretIdOf(transport) } }
  }))
  const plan = { ...planInput([]), transports, load: { ...COUNTED, messages: 40 } }
  const started = await call('run.start', plan, { remote: false, realRecipients: false })
  expect(started).toMatchObject({ ok: true })
  await call('run.current')
  await until('the end of the run', () => over)
  const { runId } = started as { runId: string }
  await call('runs.list')
  await call('runs.get', runId)
  // The other two are a study's.
  for (const format of EXPORT_FORMATS.filter(
    (each) => !['capacity.csv', 'sweep.csv', 'deliveries.csv'].includes(each)
  )) {
    const file = (await call('runs.export', runId, format)) as { base64: string }
    texts.set(`export ${format}`, Buffer.from(file.base64, 'base64').toString('latin1'))
  }
  await call('explain.start', plan)
  servers.behave('refuses the login')
  over = false
  await call('explain.start', plan)
  await call('run.start', plan, { remote: false, realRecipients: false })
  await until('the end of the refused run', () => over)
  for (const [name, text] of filesBelow(folder)) texts.set(name, text)
  expect(found(texts)).toEqual([])
  const pushes = [...texts].filter(([name]) => name.startsWith('push run.'))
  expect(pushes.length).toBeGreaterThan(1)
  expect(pushes.some(([, text]) => text.includes('***'))).toBe(true)
})

function secretIdOf(transport: TransportInput): string {
  return transport.protocol === 'http'
    ? 'PLANTED_KEY'
    : transport.name === 'oauth'
      ? 'PLANTED_TOKEN'
      : 'PLANTED_PASSWORD'
}
