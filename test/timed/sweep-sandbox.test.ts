import { afterAll, beforeAll, describe, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { expectTable, type Row } from '../support/fitted-turns.ts'

describe('the fitted slope is the table of turns on the sandbox', { timeout: 300_000 }, () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
    process.env.SWEEP_TEST_SMTP = sandbox.password
    process.env.SWEEP_TEST_API = sandbox.apiKey
  })
  afterAll(() => sandbox.stop())

  test('within 3 % of the turns counted and 0.1 of the table, R² at least 0.99', async () => {
    const tls = { caFile: sandbox.caFile, serverName: 'localhost' }
    const auth = { method: 'plain', user: sandbox.user, password: { env: 'SWEEP_TEST_SMTP' } } as const
    const smtp = { name: '', protocol: 'smtp', host: sandbox.host, auth, tls } as const
    const submission = { ...smtp, port: sandbox.smtpPort, security: 'starttls' } as const
    const implicit = { ...smtp, port: sandbox.smtpsPort, security: 'tls' } as const
    const api = {
      name: '',
      protocol: 'http',
      url: sandbox.apiTlsUrl,
      domain: sandbox.domain,
      auth: { user: 'api', password: { env: 'SWEEP_TEST_API' } },
      tls
    } as const
    const table: Record<string, Row> = {
      'smtp-587-cold': {
        turns: 11,
        transport: { ...submission, messagesPerConnection: 1, pipelining: 'off' }
      },
      'smtp-465-cold': {
        turns: 9,
        transport: { ...implicit, messagesPerConnection: 1, pipelining: 'off' }
      },
      'smtp-465-cold-chunked': {
        turns: 6,
        transport: { ...implicit, messagesPerConnection: 1, chunking: 'auto' }
      },
      'smtp-kept': { turns: 4, transport: { ...submission, pipelining: 'off' } },
      'smtp-kept-pipelined': { turns: 2, transport: submission },
      'smtp-kept-chunked': { turns: 1, transport: { ...submission, chunking: 'auto' } },
      'smtp-kept-overlapped': { turns: 1, transport: { ...submission, overlap: true } },
      'api-cold': { turns: 3, transport: { ...api, http: { keepAlive: false } } },
      'api-kept': { turns: 1, transport: api },
      'api-http2-kept': { turns: 1, transport: { ...api, http: { version: '2' } } }
    }
    await expectTable(table)
  })
})
