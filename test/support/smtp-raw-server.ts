import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, TLSSocket, type SecureVersion } from 'node:tls'
import type { TestCertificate } from './smtp-certificates.ts'

/** The challenge of RFC 2195's example, base64. */
export const CRAM_CHALLENGE = 'PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+'

/** What a session may be asked to do by a test that wants it to misbehave. */
export interface RawSession {
  /** The connection as it is now: TLS after STARTTLS. */
  socket: Socket
  /** Number of this session, from 1. */
  number: number
}

export interface RawServerOptions {
  capabilities?: string[]
  /** Offered instead after STARTTLS. */
  capabilitiesAfterTls?: string[]
  certificate?: TestCertificate
  implicitTls?: boolean
  maxVersion?: SecureVersion
  /**
   * What to answer to `CONNECT`, a command line, or `CONTENT`: text with its CRLFs, null for silence (the test does
   * what it wants with the socket), undefined for what an ordinary server answers.
   */
  answer?: (command: string, session: RawSession) => string | null | undefined
  /** How a reply goes out; by default in one write. */
  write?: (socket: Socket, reply: string) => void
}

/** A message as it was handed over. */
export interface RawMessage {
  commands: string[]
  content: string
}

export interface RawServer {
  readonly port: number
  readonly messages: RawMessage[]
  /** Every line of every session, credentials and all. */
  readonly lines: string[]
  readonly sessions: RawSession[]
  readonly openSockets: number
  close(): Promise<void>
}

/** A small SMTP server on raw sockets that knows every extension and can be told to do everything wrong. */
export async function startRawServer(options: RawServerOptions = {}, port = 0): Promise<RawServer> {
  const messages: RawMessage[] = []
  const lines: string[] = []
  const sessions: RawSession[] = []
  const sockets = new Set<Socket>()
  const { certificate, implicitTls = false, maxVersion = 'TLSv1.3' } = options
  const tls =
    certificate === undefined ? null : { ...certificate, minVersion: 'TLSv1.2' as const, maxVersion }
  // One for all sessions: its ticket keys are what makes a TLS session resumable.
  const secureContext = tls === null ? null : createSecureContext(tls)
  const onConnection = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    const session: RawSession = { socket, number: sessions.length + 1 }
    sessions.push(session)
    converse(session, { ...options, secureContext }, { messages, lines })
  }
  const server: Server =
    implicitTls && tls !== null
      ? createTlsServer(tls, onConnection)
      : createServer({ noDelay: true }, onConnection)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    lines,
    sessions,
    get openSockets() {
      return sockets.size
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
  }
}

type SessionOptions = RawServerOptions & { secureContext: ReturnType<typeof createSecureContext> | null }

function converse(
  session: RawSession,
  options: SessionOptions,
  log: Pick<RawServer, 'messages' | 'lines'>
): void {
  let input = ''
  let mode: 'command' | 'content' | 'challenge' = 'command'
  let challenges = 0
  let chunkBytes = -1
  let commands: string[] = []
  let recipients = 0
  let isSecure = options.implicitTls ?? false
  const say = (reply: string): void => {
    if (session.socket.destroyed) return
    if (options.write === undefined) session.socket.write(reply, 'latin1')
    else options.write(session.socket, reply)
  }
  const answer = (command: string, usual: string): boolean => {
    const special = options.answer?.(command, session)
    if (special === null) return false
    say(special ?? usual)
    return (special ?? usual).startsWith('2') || (special ?? usual).startsWith('3')
  }
  const finish = (content: string): void => {
    if (answer('CONTENT', '250 2.0.0 Ok: queued\r\n')) log.messages.push({ commands, content })
    commands = []
    recipients = 0
  }
  const capabilities = (): string => {
    const { capabilities: plain = [], capabilitiesAfterTls = plain } = options
    const lines = ['test.example greets you', ...(isSecure ? capabilitiesAfterTls : plain)]
    return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('')
  }
  const onLine = (line: string): void => {
    log.lines.push(line)
    if (mode === 'challenge') {
      challenges--
      if (challenges > 0) answer('CHALLENGE', '334 UGFzc3dvcmQ6\r\n')
      else {
        mode = 'command'
        answer('CHALLENGE', '235 2.7.0 Authenticated\r\n')
      }
      return
    }
    const [verb = '', argument = ''] = line.toUpperCase().split(' ')
    if (['MAIL', 'RCPT', 'BDAT'].includes(verb)) commands.push(line)
    switch (verb) {
      case 'EHLO':
        answer(line, capabilities())
        return
      case 'HELO':
        answer(line, '250 test.example\r\n')
        return
      case 'STARTTLS':
        if (!answer(line, '220 2.0.0 Ready\r\n') || options.secureContext === null) return
        isSecure = true
        upgrade(options.secureContext)
        return
      case 'AUTH':
        challenges = line.split(' ').length > 2 ? 0 : argument === 'LOGIN' ? 2 : 1
        if (challenges === 0) answer(line, '235 2.7.0 Authenticated\r\n')
        else {
          const challenge = argument === 'CRAM-MD5' ? CRAM_CHALLENGE : 'VXNlcm5hbWU6'
          mode = 'challenge'
          answer(line, `334 ${challenge}\r\n`)
        }
        return
      case 'RCPT':
        if (answer(line, '250 2.1.5 Ok\r\n')) recipients++
        return
      case 'DATA':
        if (recipients === 0) answer(line, '554 5.5.1 No valid recipients\r\n')
        else if (answer(line, '354 Go on\r\n')) mode = 'content'
        return
      case 'BDAT':
        chunkBytes = Number(argument)
        return
      case 'RSET':
        commands = []
        recipients = 0
        answer(line, '250 2.0.0 Ok\r\n')
        return
      case 'QUIT':
        if (answer(line, '221 2.0.0 Bye\r\n')) session.socket.end()
        return
      default:
        answer(line, '250 2.1.0 Ok\r\n')
    }
  }
  const onData = (chunk: Buffer): void => {
    input += chunk.toString('latin1')
    for (;;) {
      if (chunkBytes >= 0) {
        if (input.length < chunkBytes) return
        const content = input.slice(0, chunkBytes)
        input = input.slice(chunkBytes)
        chunkBytes = -1
        if (recipients === 0) answer('CONTENT', '554 5.5.1 No valid recipients\r\n')
        else finish(content)
      } else if (mode === 'content') {
        const end = input.startsWith('.\r\n') ? 0 : input.indexOf('\r\n.\r\n') + 2
        if (end === 1) return
        const content = input.slice(0, end)
        input = input.slice(end + 3)
        mode = 'command'
        finish(content.replace(/^\.\./gm, '.'))
      } else {
        const end = input.indexOf('\r\n')
        if (end === -1) return
        const line = input.slice(0, end)
        input = input.slice(end + 2)
        onLine(line)
      }
    }
  }
  const listen = (socket: Socket): void => {
    socket.on('data', onData)
    socket.on('error', () => undefined)
  }
  const upgrade = (secureContext: ReturnType<typeof createSecureContext>): void => {
    const plain = session.socket
    plain.removeListener('data', onData)
    session.socket = new TLSSocket(plain, { isServer: true, secureContext })
    listen(session.socket)
  }
  listen(session.socket)
  answer('CONNECT', '220 test.example ESMTP\r\n')
}
