import { afterEach, expect, test } from 'vitest'
import { createServices } from '../../electron/api/create-services.ts'
import type { Services } from '../../electron/api/services.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import { remedyOf } from '../../renderer/setup/remedies.ts'
import { setValueAt, parsePath } from '../../shared/plan/plan-path.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { temporaryFolder } from '../support/cli.ts'
import { selfSigned } from '../support/smtp-certificates.ts'
import { startRawServer, type RawServer, type RawServerOptions } from '../support/smtp-raw-server.ts'
import { planInput } from '../support/records.ts'

const CONSENT = { remote: false, realRecipients: false, secrets: false, maxMessages: 1 }
const AUTH = { method: 'plain', user: 'tester', password: { env: 'REMEDY_PASSWORD' } }

let server: RawServer
afterEach(async () => {
  delete process.env['REMEDY_PASSWORD']
  await server.close()
})

interface Tried {
  services: Services
  plan: Record<string, unknown>
}

async function setUp(options: RawServerOptions, transport: object): Promise<Tried> {
  server = await startRawServer(options)
  const folder = temporaryFolder()
  const smtp = { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: server.port }
  return {
    services: createServices({ folder, settings: openSettings(folder), secrets: closedKeychain }),
    plan: JSON.parse(
      JSON.stringify({
        ...planInput({ load: { model: 'closed', concurrency: 1, messages: 1 }, rounds: 1 }),
        transports: [{ ...smtp, ...transport }]
      })
    ) as Record<string, unknown>
  }
}

async function tryIt({ services, plan }: Tried): Promise<string | null> {
  const parsed = parsePlan(plan)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const found = await services.test(parsed.plan, CONSENT)
  return found.ok ? null : found.message
}

test('a server that offers LOGIN only: the remedy is LOGIN, and with it the connection works', async () => {
  process.env['REMEDY_PASSWORD'] = 'correct horse battery staple'
  const tried = await setUp({ capabilities: ['AUTH LOGIN'] }, { security: 'none', auth: AUTH })
  const message = await tryIt(tried)
  const remedy = remedyOf(message ?? '', null)
  expect(remedy).toEqual({ label: 'Use LOGIN', field: 'auth.method', value: 'login' })
  setValueAt(tried.plan, parsePath(`transports[0].${remedy?.field ?? ''}`), remedy?.value)
  expect(await tryIt(tried)).toBeNull()
})

test('a server without STARTTLS: the remedy is to go without, and then the connection works', async () => {
  const tried = await setUp({}, { security: 'starttls' })
  const remedy = remedyOf((await tryIt(tried)) ?? '', null)
  expect(remedy).toEqual({ label: 'Use no TLS', field: 'security', value: 'none' })
  setValueAt(tried.plan, parsePath(`transports[0].${remedy?.field ?? ''}`), remedy?.value)
  expect(await tryIt(tried)).toBeNull()
})

test('a self-signed certificate: the remedy leads to the field that names it', async () => {
  const certificate = await selfSigned()
  const tried = await setUp({ certificate, implicitTls: true }, { security: 'tls' })
  expect(remedyOf((await tryIt(tried)) ?? '', null)).toEqual({
    label: 'Trust its certificate…',
    field: 'tls.caFile',
    opens: true
  })
})

test('a variable that is not set: the password can be typed where there is somebody to keep it', async () => {
  const tried = await setUp({ capabilities: ['AUTH PLAIN'] }, { security: 'none', auth: AUTH })
  const message = (await tryIt(tried)) ?? ''
  expect(message).toContain('REMEDY_PASSWORD')
  expect(remedyOf(message, null)).toBeNull()
  expect(remedyOf(message, 'session')).toEqual({
    label: 'Password for this session…',
    field: 'auth.password',
    value: { secret: '' },
    opens: true
  })
  expect(remedyOf(message, 'keychain')?.label).toBe('Keep the password in the keychain…')
})

test('a refused login has no remedy that the app could know', async () => {
  process.env['REMEDY_PASSWORD'] = 'wrong horse battery staple'
  const tried = await setUp(
    {
      capabilities: ['AUTH PLAIN LOGIN'],
      answer: (command) => (command.startsWith('AUTH') ? '535 5.7.8 no\r\n' : undefined)
    },
    { security: 'none', auth: AUTH }
  )
  const message = await tryIt(tried)
  expect(message).toContain('535')
  expect(remedyOf(message ?? '', 'keychain')).toBeNull()
})
