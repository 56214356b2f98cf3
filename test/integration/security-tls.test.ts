import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import type { Client } from '../../electron/transports/client.ts'
import { loopbackCertificate } from '../support/http-certificates.ts'
import { httpOptions } from '../support/http-options.ts'
import { startRecorder, type Recorder } from '../support/http-recorder.ts'
import { openSender } from '../support/sends.ts'
import { AUTH, smtpClient } from '../support/smtp-sending.ts'
import { startRawServer, type RawServer } from '../support/smtp-raw-server.ts'

/** Plans that say nothing of `tls`: what is refused is refused by default. */
const CLIENTS: [string, () => Promise<Client>][] = [
  ...(['wire', 'nodemailer'] as const).map((client): [string, () => Promise<Client>] => [
    `${client} (SMTP with STARTTLS)`,
    () =>
      smtpClient({
        port: smtp.port,
        transport: { client, security: 'starttls', auth: { ...AUTH, method: 'plain' } }
      })
  ]),
  ['wire (HTTP)', async () => createHttpWireClient(await httpOptions({ url: recorder.url }))],
  ['undici', async () => createUndiciClient(await httpOptions({ url: recorder.url }))]
]

let smtp: RawServer
let recorder: Recorder

beforeAll(async () => {
  const certificate = await loopbackCertificate()
  smtp = await startRawServer({ certificate, capabilities: ['STARTTLS', 'AUTH PLAIN'] })
  recorder = await startRecorder('1.1', certificate)
})
afterAll(async () => {
  await smtp.close()
  await recorder[Symbol.asyncDispose]()
})

describe('a self-signed certificate', () => {
  test.each(CLIENTS)('is refused by default by %s, before any login or message', async (_name, open) => {
    const client = await open()
    await expect(client.preflight()).rejects.toMatchObject({
      phase: 'tls',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT'
    })
    const sent = await openSender(client).send()
    expect(sent).toMatchObject({ outcome: 'failed', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await client.close(1000)
    expect(smtp.lines.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([])
    expect(recorder.requests).toEqual([])
  })
})
