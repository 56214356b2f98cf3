import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startReceiveHub } from '../../electron/delivery/receive-hub.ts'
import { startReceiver, type Receiver } from '../../electron/delivery/receiver.ts'
import { freePort } from '../support/free-port.ts'
import { selfSigned } from '../support/smtp-certificates.ts'

const TAG = '0123456789abcdef'
let port: number
let receiver: Receiver
/** One for all: what a test leaves behind in it, the next one finds. */
beforeAll(async () => {
  port = await freePort()
  receiver = await startReceiver({ kind: 'sink', host: '127.0.0.1', port, tags: [TAG] })
})
afterAll(async () => {
  await receiver.close()
})

/** Says one thing after the other, and gives the last reply of each. */
async function talk(lines: readonly (string | Buffer)[]): Promise<string[]> {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.setEncoding('utf8')
  const replies: string[] = []
  const reply = async (): Promise<string> => {
    let text = ''
    while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, 'data'))[0])
    return text.trimEnd().split('\r\n').at(-1) ?? ''
  }
  replies.push(await reply())
  for (const line of lines) {
    socket.write(line)
    replies.push(await reply())
  }
  socket.destroy()
  return replies
}

const envelope = ['EHLO test\r\n', 'MAIL FROM:<a@example.com>\r\n', 'RCPT TO:<b@example.com>\r\n', 'DATA\r\n']
const marked = (seq: number): string =>
  mail(`Message-ID: <${TAG}.${String(seq).padStart(10, '0')}@example.com>`)
const mail = (header: string): string => `${header}\r\n\r\ntext\r\n.\r\n`

test.each([
  { what: 'without a mark', header: 'Subject: hello' },
  { what: 'of another run', header: 'X-Chattermark-Id: <ffffffffffffffff.0000000001@example.com>' },
  {
    what: 'whose body alone holds a mark',
    header: `Subject: x\r\n\r\nX-Chattermark-Id: <${TAG}.0000000001@example.com>`
  }
])('the receiver refuses a message $what, and keeps nothing of it', async ({ header }) => {
  expect((await talk([...envelope, mail(header)])).at(-1)).toMatch(/^550 /)
  expect((await receiver.take()).arrivals).toEqual([])
})

test('the receiver takes a marked message, and tells each copy once', async () => {
  const message = mail(`X-Chattermark-Id: <${TAG}.0000000042@example.com>`)
  expect((await talk([...envelope, message])).at(-1)).toMatch(/^250 /)
  expect((await receiver.take()).arrivals).toMatchObject([{ tag: 0, seq: 42, isJunk: false }])
  expect((await receiver.take()).arrivals).toEqual([])
})

/** Waits for a message of the run below: what was said before must have left the receiver as it was. */
const HOSTILE: [what: string, lines: (string | Buffer)[]][] = [
  ['a login', ['EHLO test\r\n', 'AUTH PLAIN AGEAYg==\r\n']],
  ['commands of nobody', ['EHLO test\r\n', 'XFORWARD NAME=x\r\n', 'ETRN example.com\r\n', 'BDAT 5 LAST\r\n']],
  ['a line without an end', [Buffer.alloc(1_000_000, 0x41)]],
  ['zeros', [Buffer.alloc(1000, 0)]],
  ['a greeting of another protocol', ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']],
  ['content without an envelope', ['EHLO test\r\n', 'DATA\r\n', 'RCPT TO:<a@example.com>\r\n']],
  [
    'an envelope of nonsense',
    ['EHLO test\r\n', 'MAIL FROM:<<<<>>>> SIZE=-1\r\n', 'MAIL FROM:<a@b> SIZE=1e99\r\n']
  ],
  ['a size beyond all bounds', ['EHLO test\r\n', 'MAIL FROM:<a@example.com> SIZE=999999999999\r\n']],
  ['a message that breaks off', [...envelope, 'Subject: x\r\n\r\nhalf']],
  ['a header without an end', [...envelope, `X: ${'y'.repeat(2_000_000)}`]],
  [
    'a thousand machines on its way',
    [...envelope, mail(Array(2000).fill('Received: from a by b with c; Thu, 1 Jan 1970').join('\r\n'))]
  ],
  ['a field that is all beginnings', [...envelope, mail(`received:${'received: by '.repeat(4000)}`)]],
  [
    'a ten thousand recipients',
    ['EHLO test\r\n', 'MAIL FROM:<a@b>\r\n', 'RCPT TO:<x@example.com>\r\n'.repeat(10_000)]
  ]
]

test.each(HOSTILE)('the receiver outlives %s, and keeps nothing of it', async (_what, lines) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'data')
  for (const line of lines) {
    await new Promise((resolve) => socket.write(line, resolve))
    // It may hang up on whom it does not understand, a reset included.
    await Promise.race([
      once(socket, 'data'),
      once(socket, 'close'),
      new Promise((resolve) => setTimeout(resolve, 200))
    ]).catch(() => undefined)
  }
  socket.resetAndDestroy()
  await takesOne()
})

test.each(['\n.\n', '\r.\r', '\n.\r\n', '\r\n.\n', '\r\n\0.\r\n'])(
  'no second message is smuggled in behind an end that is none: %j',
  async (end) => {
    const second = `MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n${marked(7)}`
    const replies = await talk([...envelope, `Subject: x\r\n\r\ntext${end}${second}`])
    expect(replies.at(-1)).toMatch(/^550 /)
    await takesOne()
  }
)

test('what is said before TLS, in one breath with it, is not heard behind it', async () => {
  const { key, cert } = await selfSigned()
  const hub = await startReceiveHub({
    ...{ smtp: { host: '127.0.0.1', port: 0 }, http: { host: '127.0.0.1', port: 0 } },
    ...{ token: 'x'.repeat(16), certificate: { key, cert } }
  })
  try {
    const socket = connect(hub.smtpPort, '127.0.0.1')
    await once(socket, 'data')
    socket.write('EHLO test\r\n')
    await once(socket, 'data')
    socket.write('STARTTLS\r\nRSET\r\nRSET\r\n')
    expect(String((await once(socket, 'data'))[0])).toMatch(/^220 /)
    const secure = connectTls({ socket, ca: cert, servername: 'localhost' })
    await once(secure, 'secureConnect')
    secure.write('NOOP\r\n')
    expect(String((await once(secure, 'data'))[0])).toMatch(/^250 [^\n]*\n$/)
    secure.destroy()
  } finally {
    await hub.close()
  }
})

test('hundreds of connections that say nothing keep no message out', async () => {
  const idle = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'data')
      return socket
    })
  )
  await takesOne()
  for (const socket of idle) socket.destroy()
})

/** The receiver is as it was: it has kept nothing so far, and takes a message that is awaited. */
async function takesOne(): Promise<void> {
  expect((await receiver.take()).arrivals).toEqual([])
  expect((await talk([...envelope, marked(1)])).at(-1)).toMatch(/^250 /)
  expect((await receiver.take()).arrivals).toMatchObject([{ seq: 1 }])
}

test('a port that is taken is said with its address', async () => {
  await expect(startReceiver({ kind: 'sink', host: '127.0.0.1', port, tags: [TAG] })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}`
  )
})
