import { createHash } from 'node:crypto'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RUN_TAG_HEADER } from '../../electron/transports/content.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { sendInRow } from '../support/sends.ts'
import { smtpClient, testContent, TEST_RUN_TAG, type SmtpSetup } from '../support/smtp-sending.ts'

const MESSAGES = 20
const message = {
  from: 'bench@example.com',
  to: ['sink@example.com'],
  subject: 'Grüße, 日本語',
  sizeBytes: 3000,
  html: true,
  attachments: [{ filename: 'a.bin', sizeBytes: 100_000 }]
}

const rows: { sentence: string; transport: SmtpSetup['transport'] }[] = [
  { sentence: 'one command at a time', transport: { pipelining: 'off' } },
  { sentence: 'PIPELINING', transport: {} },
  { sentence: 'PIPELINING and STARTTLS', transport: { security: 'starttls' } },
  { sentence: 'CHUNKING', transport: { chunking: 'auto' } },
  { sentence: 'CHUNKING without PIPELINING', transport: { chunking: 'auto', pipelining: 'off' } },
  { sentence: 'CHUNKING, PIPELINING and STARTTLS', transport: { chunking: 'auto', security: 'starttls' } },
  { sentence: 'overlap', transport: { overlap: true } },
  {
    sentence: 'overlap and STARTTLS, ten messages per connection',
    transport: { overlap: true, security: 'starttls', messagesPerConnection: 10 }
  },
  {
    sentence: 'a connection per message with STARTTLS',
    transport: { security: 'starttls', messagesPerConnection: 1 }
  },
  { sentence: 'nodemailer with STARTTLS', transport: { client: 'nodemailer', security: 'starttls' } },
  {
    sentence: 'nodemailer, a connection per message',
    transport: { client: 'nodemailer', messagesPerConnection: 1 }
  }
]

describe('real Postfix: what it accepted arrives once each, and intact', () => {
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix()
  })
  beforeEach(() => {
    postfix.clear()
  })
  afterAll(async () => {
    await postfix.stop()
  })

  test.each(rows)('$sentence', async ({ transport }) => {
    const client = await smtpClient({
      port: postfix.port,
      message,
      caPem: postfix.caPem,
      ...(transport === undefined ? {} : { transport })
    })
    const results = await sendInRow(client, MESSAGES)
    await client.close(5000)
    expect(results.map(({ outcome, sample }) => `${outcome} ${sample}`.trim())).toEqual(
      results.map(() => 'accepted')
    )
    await postfix.untilDelivered(MESSAGES)

    const content = await testContent(message)
    const mails = await Promise.all(postfix.delivered().map((mail) => simpleParser(mail)))
    expect(mails).toHaveLength(MESSAGES)
    const ids = mails.map(({ messageId }) => messageId)
    const expected = results.map(
      ({ seq }) => `<${TEST_RUN_TAG}.${String(seq).padStart(10, '0')}@example.com>`
    )
    expect(new Set(ids)).toEqual(new Set(expected))
    for (const mail of mails) {
      expect(mail.subject).toBe(message.subject)
      expect(mail.headers.get(RUN_TAG_HEADER.toLowerCase())).toBe(TEST_RUN_TAG)
      expect(mail.text?.trimEnd()).toBe(content.text.replaceAll('\r\n', '\n').trimEnd())
      expect(mail.attachments.map(({ content: bytes }) => sha256(bytes))).toEqual(
        content.attachments.map(({ content: bytes }) => sha256(bytes))
      )
    }
  })
})

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
