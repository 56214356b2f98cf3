import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectTurns } from '../support/expect-turns.ts'
import { selfSigned, type TestCertificate } from '../support/smtp-certificates.ts'
import { startRawServer, type RawServerOptions } from '../support/smtp-raw-server.ts'
import { sendInRow, type Sent } from '../support/sends.ts'
import { AUTH, smtpClient, type SmtpSetup } from '../support/smtp-sending.ts'
import { startTurnCounter } from '../support/turn-counter.ts'

const BASE = ['SIZE 10000000', '8BITMIME', 'AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2']
const PIPELINING = [...BASE, 'PIPELINING']
const CHUNKING = [...PIPELINING, 'CHUNKING']
const [plain, pipelining, chunking] = [0, 1, 2]

type Settings = NonNullable<SmtpSetup['transport']>

interface Row {
  sentence: string
  server?: RawServerOptions
  transport?: Settings
  recipients?: number
  /** Turns of a fresh send without PIPELINING, with it, and with CHUNKING too; null where there is no such thing. */
  cold: [number, number | null, number | null]
  warm?: [number, number | null, number | null]
}

const plainAuth = { ...AUTH, method: 'plain' } as const
const rows: Row[] = [
  { sentence: 'port 25: plaintext, no AUTH', cold: [7, 5, 4], warm: [4, 2, 1] },
  {
    sentence: 'STARTTLS with TLS 1.3, AUTH PLAIN with initial response',
    transport: { security: 'starttls', auth: plainAuth },
    cold: [11, 9, 8],
    warm: [4, 2, 1]
  },
  {
    sentence: 'STARTTLS with a full handshake of TLS 1.2',
    transport: { security: 'starttls', auth: plainAuth },
    server: { maxVersion: 'TLSv1.2' },
    cold: [12, 10, 9]
  },
  {
    sentence: 'STARTTLS with TLS 1.3, AUTH PLAIN without initial response',
    transport: { security: 'starttls', auth: { ...plainAuth, initialResponse: false } },
    cold: [12, 10, 9]
  },
  {
    sentence: 'STARTTLS with TLS 1.3, AUTH LOGIN',
    transport: { security: 'starttls', auth: { ...AUTH, method: 'login' } },
    cold: [13, 11, 10]
  },
  {
    sentence: 'STARTTLS with TLS 1.3, AUTH CRAM-MD5',
    transport: { security: 'starttls', auth: { ...AUTH, method: 'cram-md5' } },
    cold: [12, 10, 9]
  },
  {
    sentence: 'STARTTLS with TLS 1.3, AUTH XOAUTH2',
    transport: { security: 'starttls', auth: { ...AUTH, method: 'xoauth2' } },
    cold: [11, 9, 8]
  },
  {
    sentence: 'implicit TLS 1.3, AUTH PLAIN with initial response',
    transport: { security: 'tls', auth: plainAuth },
    cold: [9, 7, 6],
    warm: [4, 2, 1]
  },
  {
    sentence: 'implicit TLS 1.2, AUTH PLAIN with initial response',
    transport: { security: 'tls', auth: plainAuth },
    server: { maxVersion: 'TLSv1.2' },
    cold: [9, 7, 6]
  },
  { sentence: 'three recipients: two turns more, or none', recipients: 3, cold: [9, 5, 4], warm: [6, 2, 1] }
]

describe('turns of a send, counted by what passes between client and server', () => {
  let certificate: TestCertificate
  const opened: { close(): Promise<unknown> }[] = []
  beforeAll(async () => {
    certificate = await selfSigned()
  })
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close()
  })

  /** Sends in a row; gives each send's own count and the counter's. */
  async function measure(
    capabilities: string[],
    { transport = {}, server: serverOptions = {}, recipients = 1 }: Partial<Row>,
    count: number
  ): Promise<{ own: number[]; seen: number[]; results: Sent[] }> {
    const server = await startRawServer({
      capabilities: transport.security === 'starttls' ? [...capabilities, 'STARTTLS'] : capabilities,
      capabilitiesAfterTls: capabilities,
      certificate,
      implicitTls: transport.security === 'tls',
      ...serverOptions
    })
    opened.push(server)
    const counter = await startTurnCounter({ host: '127.0.0.1', port: server.port })
    opened.push(counter)
    const setup: SmtpSetup = {
      port: counter.port,
      caPem: certificate.cert,
      transport,
      message: { to: Array.from({ length: recipients }, (_, index) => `sink${index}@example.com`) }
    }
    const client = await smtpClient(setup)
    const seen: number[] = []
    let before = 0
    const results = await sendInRow(client, count, ({ reused }) => {
      const turns = counter.turns.at(-1) ?? 0
      seen.push(reused ? turns - before : turns)
      before = turns
    })
    await client.close(2000)
    expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => 'accepted'))
    expect(server.messages).toHaveLength(count)
    return { own: results.map(({ turns }) => turns), seen, results }
  }

  const variants = [
    { name: 'without PIPELINING', capabilities: BASE, index: plain, extra: {} },
    { name: 'with PIPELINING', capabilities: PIPELINING, index: pipelining, extra: {} },
    {
      name: 'with PIPELINING and CHUNKING',
      capabilities: CHUNKING,
      index: chunking,
      extra: { chunking: 'auto' }
    }
  ] as const

  for (const row of rows) {
    for (const { name, capabilities, index, extra } of variants) {
      const cold = row.cold[index]
      if (cold === null || cold === undefined) continue
      const warm = row.warm?.[index] ?? null
      test(`${row.sentence}, ${name}: ${cold}${warm === null ? '' : `, then ${warm}`}`, async () => {
        const transport: Settings = { ...row.transport, ...extra }
        const expected = warm === null ? [cold] : [cold, warm, warm]
        await expectTurns(expected, async () => {
          const measured = await measure(capabilities, { ...row, transport }, expected.length)
          expect(measured.results.map(({ reused }) => reused)).toEqual(
            expected.map((_, number) => number > 0)
          )
          return measured
        })
      })
    }
  }

  test('overlap: content and the next envelope in one group make one turn each', async () => {
    await expectTurns([5, 1, 1, 1, 1], () => measure(PIPELINING, { transport: { overlap: true } }, 5))
  })

  test('a session of TLS 1.2 that is resumed takes one turn less', async () => {
    const transport = { security: 'starttls', messagesPerConnection: 1 } as const
    await expectTurns([11, 10, 10], () => measure(BASE, { transport, server: { maxVersion: 'TLSv1.2' } }, 3))
  })

  test('implicit TLS 1.2 takes no turn less when its session is resumed', async () => {
    const transport = { security: 'tls', messagesPerConnection: 1 } as const
    await expectTurns([8, 8, 8], () => measure(BASE, { transport, server: { maxVersion: 'TLSv1.2' } }, 3))
  })

  test('a server that knows only HELO costs the turn of the refused EHLO', async () => {
    const answer = (command: string): string | undefined =>
      command.startsWith('EHLO') ? '502 5.5.2 what?\r\n' : undefined
    await expectTurns([8], () => measure(BASE, { server: { answer } }, 1))
  })

  const nodemailerRows: Row[] = [
    { sentence: 'plaintext', cold: [7, 5, null], warm: [4, 2, null] },
    {
      sentence: 'STARTTLS, TLS 1.3, AUTH PLAIN',
      transport: { security: 'starttls', auth: plainAuth },
      cold: [11, 9, null],
      warm: [4, 2, null]
    },
    {
      sentence: 'STARTTLS, TLS 1.2',
      transport: { security: 'starttls', auth: plainAuth },
      server: { maxVersion: 'TLSv1.2' },
      cold: [12, 10, null]
    },
    {
      sentence: 'implicit TLS 1.3, AUTH LOGIN',
      transport: { security: 'tls', auth: { ...AUTH, method: 'login' } },
      cold: [11, 9, null]
    },
    {
      sentence: 'implicit TLS 1.2',
      transport: { security: 'tls', auth: plainAuth },
      server: { maxVersion: 'TLSv1.2' },
      cold: [9, 7, null]
    }
  ]
  for (const row of nodemailerRows) {
    for (const { name, capabilities, index } of variants.slice(0, 2)) {
      test(`nodemailer, ${row.sentence}, ${name}: its own count is the counter's`, async () => {
        const transport = { ...row.transport, client: 'nodemailer' as const }
        const warm = row.warm?.[index] ?? null
        const cold = row.cold[index] ?? NaN
        const expected = warm === null ? [cold] : [cold, warm, warm]
        await expectTurns(expected, () => measure(capabilities, { ...row, transport }, expected.length))
      })
    }
  }
})
