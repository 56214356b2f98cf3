import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { startPostfix } from '../support/postfix.ts'

const MESSAGES = 60
const ATTACHMENT_BYTES = 50_000

/** Runs a plan as a user would; every transport must have taken every message. */
async function runPlan(
  transports: PlanInput['transports'],
  env: Record<string, string> = {}
): Promise<RunRecord> {
  const folder = temporaryFolder()
  const plan: PlanInput = {
    schema: 1,
    name: 'arrivals',
    message: {
      from: 'bench@example.com',
      to: ['sink@example.com'],
      subject: 'Grüße, 日本語',
      sizeBytes: 3000,
      attachments: [{ filename: 'a.bin', sizeBytes: ATTACHMENT_BYTES }]
    },
    load: { model: 'closed', concurrency: 5, messages: MESSAGES },
    warmupSeconds: 0.2,
    rounds: 2,
    transports
  }
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan))
  const args = ['run', join(folder, 'plan.json'), '--out', join(folder, 'run'), '--format', 'json']
  const { exitCode, stdout, stderr } = await cli(args, env)
  expect(exitCode, stderr).toBe(0)
  const record = runRecordSchema.parse(JSON.parse(stdout))
  for (const { name, counts } of record.transports)
    expect({ name, ...counts }).toMatchObject({ name, sent: MESSAGES, accepted: MESSAGES })
  return record
}

/** Messages that the record says the peer has taken, those of the warm-up included. */
function accepted({ transports }: RunRecord): number {
  return transports.reduce((sum, { counts, warmup }) => sum + counts.accepted + warmup.accepted, 0)
}

test('what a run says that Postfix accepted lies there once each, intact, under its own Message-ID', async () => {
  const postfix = await startPostfix()
  try {
    const smtp = { protocol: 'smtp', host: '127.0.0.1', port: postfix.port } as const
    const caFile = join(temporaryFolder(), 'ca.pem')
    writeFileSync(caFile, postfix.caPem)
    const starttls = { ...smtp, security: 'starttls', tls: { caFile, verify: false } } as const
    const record = await runPlan([
      { name: 'cold', ...starttls, messagesPerConnection: 1 },
      { name: 'pipelined', ...starttls },
      { name: 'chunked', ...starttls, chunking: 'auto' },
      { name: 'nodemailer', ...starttls, client: 'nodemailer' }
    ])
    await postfix.untilDelivered(accepted(record))
    const mails = await Promise.all(postfix.delivered().map((mail) => simpleParser(mail)))
    expect(mails).toHaveLength(accepted(record))
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length)
    const seen = mails.map(({ subject, text, attachments }) => {
      const bytes = attachments[0]?.content
      const hash = createHash('sha256')
        .update(bytes ?? '')
        .digest('hex')
      return JSON.stringify({ subject, text: text?.trimEnd(), bytes: bytes?.length, hash })
    })
    expect(new Set(seen).size).toBe(1)
    const [one] = mails
    expect(one?.subject).toBe('Grüße, 日本語')
    expect(one?.text).toMatch(/^\./m)
    expect(one?.attachments[0]?.content).toHaveLength(ATTACHMENT_BYTES)
  } finally {
    await postfix.stop()
  }
})

test('what a run says was accepted after a login is what the server has taken', async () => {
  const sandbox = await startSandbox()
  try {
    const record = await runPlan(
      (['plain', 'login', 'cram-md5', 'xoauth2'] as const).map((method) => ({
        name: method,
        protocol: 'smtp',
        host: '127.0.0.1',
        port: sandbox.smtpPort,
        security: 'starttls',
        auth: { method, user: sandbox.user, password: { env: 'SANDBOX_PASSWORD' } },
        messagesPerConnection: 10,
        tls: { caFile: sandbox.caFile, serverName: 'localhost' }
      })),
      { SANDBOX_PASSWORD: sandbox.password }
    )
    expect((await sandbox.stats()).smtpMessages).toBe(accepted(record))
  } finally {
    await sandbox.stop()
  }
})
