import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { Conversation } from '../support/probe-conversation.ts'

let sandbox: Sandbox
let ca: string
beforeAll(async () => {
  sandbox = await startSandbox({ recordArrivals: true })
  ca = readFileSync(sandbox.caFile, 'utf8')
})
afterAll(() => sandbox.stop())

const ENVELOPE = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n'

async function ready(): Promise<Conversation> {
  const conversation = await Conversation.open(sandbox.smtpPort)
  await conversation.hear()
  await conversation.ask('EHLO test\r\n')
  return conversation
}

describe('login', () => {
  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])(
    '%s is accepted with the sandbox password only',
    async (method) => {
      for (const secure of [false, true]) {
        const port = secure ? sandbox.smtpsPort : sandbox.smtpPort
        const mail = (pass: string): Promise<unknown> =>
          createTransport({
            host: sandbox.host,
            port,
            secure,
            requireTLS: true,
            tls: { ca },
            authMethod: method,
            auth: { user: sandbox.user, pass }
          }).verify()
        await expect(mail(sandbox.password)).resolves.toBe(true)
        await expect(mail('wrong')).rejects.toThrow('535')
      }
    }
  )

  test('XOAUTH2 takes the password as its token', async () => {
    const conversation = await ready()
    await conversation.ask('STARTTLS\r\n')
    await conversation.startTls(ca)
    await conversation.ask('EHLO test\r\n')
    const token = Buffer.from(`user=${sandbox.user}\x01auth=Bearer ${sandbox.password}\x01\x01`)
    expect(await conversation.ask(`AUTH XOAUTH2 ${token.toString('base64')}\r\n`)).toMatch(/^235 /)
    conversation.close()
  })

  test('is offered under TLS and not before', async () => {
    const conversation = await Conversation.open(sandbox.smtpPort)
    await conversation.hear()
    const before = await conversation.ask('EHLO test\r\n')
    for (const keyword of ['PIPELINING', 'CHUNKING', '8BITMIME', 'SMTPUTF8', 'STARTTLS', 'SIZE 52428800']) {
      expect(before).toContain(keyword)
    }
    expect(before).not.toContain('AUTH')
    await conversation.ask('STARTTLS\r\n')
    await conversation.startTls(ca)
    const after = await conversation.ask('EHLO test\r\n')
    expect(after).toContain('AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2')
    expect(after).toContain('CHUNKING')
    expect(after).not.toContain('STARTTLS')
    conversation.close()
  })
})

test('the greeting is not held back by the library’s wait for early talkers', async () => {
  let leastMs = Infinity
  for (let attempt = 0; attempt < 10; attempt++) {
    const startedMs = performance.now()
    const conversation = await Conversation.open(sandbox.smtpPort)
    await conversation.hear()
    leastMs = Math.min(leastMs, performance.now() - startedMs)
    conversation.close()
  }
  expect(leastMs).toBeLessThan(80)
})

describe('CHUNKING (RFC 3030)', () => {
  test.each([
    ['one chunk in the envelope’s group', `${ENVELOPE}BDAT 5 LAST\r\nhello`, [250, 250, 250]],
    ['several chunks, the last one empty', `${ENVELOPE}BDAT 3\r\nabcBDAT 0 LAST\r\n`, [250, 250, 250, 250]],
    [
      'a chunk may look like commands and dots',
      `${ENVELOPE}BDAT 14 LAST\r\nQUIT\r\n.\r\nRSET\r`,
      [250, 250, 250]
    ],
    [
      'the next transaction follows at once',
      `${ENVELOPE}BDAT 1 LAST\r\nx${ENVELOPE}DATA\r\n`,
      [250, 250, 250, 250, 250, 354]
    ],
    [
      'chunks without a recipient are swallowed',
      'BDAT 6\r\nQUIT\r\nBDAT 4 LAST\r\nabcdNOOP\r\n',
      [503, 503, 250]
    ],
    [
      'after a refused chunk all others are refused',
      `BDAT 1\r\nx${ENVELOPE}BDAT 1\r\nxRSET\r\n`,
      [503, 250, 250, 503, 250]
    ],
    ['DATA cannot follow BDAT', `${ENVELOPE}BDAT 1\r\nxDATA\r\nRSET\r\n`, [250, 250, 250, 503, 250]],
    ['a chunk needs its size', `${ENVELOPE}BDAT LAST\r\nBDAT -1\r\nRSET\r\n`, [250, 250, 501, 501, 250]]
  ])('%s', async (_sentence, said, codes) => {
    const conversation = await ready()
    conversation.say(said)
    const replies = await conversation.hear(codes.length)
    expect(replies.map((reply) => Number(reply.slice(0, 3)))).toEqual(codes)
    conversation.close()
  })

  test('every octet is counted when chunks come in small pieces', async () => {
    const before = await sandbox.stats()
    const conversation = await ready()
    const message = `Message-ID: <pieces@example.com>\r\n\r\n${'.\r\n'.repeat(1000)}`
    const bytes = `${ENVELOPE}BDAT ${message.length} LAST\r\n${message}`
    for (let at = 0; at < bytes.length; at += 997) {
      conversation.say(bytes.slice(at, at + 997))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await conversation.hear(3)
    const after = await sandbox.stats()
    expect(after.smtpBytes - before.smtpBytes).toBe(message.length)
    expect((await sandbox.arrivals()).at(-1)?.messageId).toBe('<pieces@example.com>')
    conversation.close()
  })
})

test('DATA is counted without its dot-stuffing', async () => {
  const before = await sandbox.stats()
  const conversation = await ready()
  conversation.say(`${ENVELOPE}DATA\r\n`)
  await conversation.hear(3)
  expect(await conversation.ask('..a\r\nb\r\n.\r\n')).toMatch(/^250 2\.6\.0 /)
  const after = await sandbox.stats()
  expect(after.smtpMessages - before.smtpMessages).toBe(1)
  expect(after.smtpBytes - before.smtpBytes).toBe('.a\r\nb\r\n'.length)
  conversation.close()
})

test('replies to a pipelined group leave in one packet', async () => {
  const socket = connect(sandbox.smtpPort, sandbox.host)
  const pieces: string[] = []
  const next = (): Promise<void> => new Promise((resolve) => socket.once('data', () => resolve()))
  socket.on('data', (bytes: Buffer) => pieces.push(bytes.toString()))
  await next()
  socket.write('EHLO test\r\n')
  await next()
  socket.write(`${ENVELOPE}DATA\r\n`)
  await next()
  expect(pieces.at(-1)).toMatch(/^250 .*\r\n250 .*\r\n354 .*\r\n$/)
  socket.destroy()
})
