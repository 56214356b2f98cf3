import type { Socket } from 'node:net'
import type { SMTPServerSession } from 'smtp-server'
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { SMTPServer } from '../smtp-server.ts'
import { SANDBOX_PASSWORD, SANDBOX_USER } from './credentials.ts'
import { findMessageId, wallClockMs } from './ledger.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { ChunkingConnection, type ChunkedMessage } from './smtp-chunking.ts'

/** Messages larger than this are refused, bytes; announced as SIZE (RFC 1870). */
const MAX_MESSAGE_BYTES = 52_428_800
/** Part of a message in which its Message-ID is looked for. */
const HEADER_BYTES = 16_384
const IDLE_TIMEOUT_MS = 600_000

type Security = 'starttls' | 'tls'

/**
 * The built-in submission server on one port: plaintext with STARTTLS, or implicit TLS. Login is offered
 * under TLS and never demanded; messages are read, counted and thrown away.
 */
export function smtpSandbox(security: Security, parts: SandboxParts): SMTPServer {
  const server = new SandboxSmtpServer(security, parts)
  // Before the library's own listener: the TLS handshake, too, must not wait for delayed ACKs.
  server.server.prependListener('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    parts.ledger.stats.smtpConnections++
  })
  // Peers that reset their connection are part of every load; nothing is to be done about them.
  server.on('error', () => undefined)
  return server
}

class SandboxSmtpServer extends SMTPServer {
  readonly parts: SandboxParts

  constructor(security: Security, parts: SandboxParts) {
    const { certificate, behaviour, ledger } = parts
    super({
      secure: security === 'tls',
      key: certificate.key,
      cert: certificate.cert,
      name: 'localhost',
      banner: 'Chattermark sandbox',
      size: MAX_MESSAGE_BYTES,
      rejectOversized: true,
      hideENHANCEDSTATUSCODES: false,
      authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
      authOptional: true,
      disableReverseLookup: true,
      socketTimeout: IDLE_TIMEOUT_MS,
      onConnect: (_session, callback) => callback(),
      onSecure: (_socket, _session, callback) => callback(),
      onRcptTo: (_address, _session, callback) => callback(),
      onMailFrom: (_address, _session, callback) => {
        if (!behaviour.throttles()) return callback()
        ledger.stats.throttled++
        callback(Object.assign(new Error('4.7.1 Error: too many messages, slow down'), { responseCode: 450 }))
      },
      onAuth: (auth, _session, callback) => {
        const passed =
          auth.username === SANDBOX_USER &&
          (auth.method === 'CRAM-MD5'
            ? auth.validatePassword(SANDBOX_PASSWORD)
            : (auth.password ?? auth.accessToken) === SANDBOX_PASSWORD)
        if (passed) callback(null, { user: SANDBOX_USER })
        // The challenge that RFC 7628 wants before the refusal is for clients to parse, so it is sent too.
        else if (auth.method === 'XOAUTH2') callback(null, { data: { status: '401', schemes: 'bearer' } })
        else callback(null, { message: 'Error: wrong user name or password' })
      },
      onData: (stream, session, callback) => {
        const message = new ReceivedMessage(parts, session)
        stream.on('data', (piece: Buffer) => message.take(piece))
        stream.on('end', () => {
          message.finish((code, text) => {
            if (code === 250) callback(null, text)
            else callback(Object.assign(new Error(text), { responseCode: code }))
          })
        })
      }
    })
    this.parts = parts
  }

  /** What the base class does, with our own connection class. */
  override connect(socket: Socket, socketOptions?: SMTPConnectionOptions | null): void {
    const connection = new SandboxConnection(this, socket, socketOptions)
    this.connections.add(connection)
    connection.on('error', (error: Error) => this._onError(error))
    connection.init()
  }
}

/** A connection without the library's waits, and with the sandbox's own. */
class SandboxConnection extends ChunkingConnection {
  readonly #server: SandboxSmtpServer

  constructor(server: SandboxSmtpServer, socket: Socket, options?: SMTPConnectionOptions | null) {
    super(server, socket, options)
    this.#server = server
  }

  /** The library holds its greeting back for 100 ms to catch spammers; that would be measured as the server's time. */
  override init(): void {
    this._setListeners(() => this.beforeReply(() => this.connectionReady()))
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    // A BDAT command is answered after its chunk, and thought about then.
    if (/^BDAT /i.test(command.toString('latin1', 0, 5))) super._onCommand(command, callback)
    else this.beforeReply(() => super._onCommand(command, callback))
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    // Replies to a group go out together once its input is used up (RFC 2920, section 3.2); not so 220,
    // which must have left before STARTTLS takes the socket over.
    if (code !== 220) {
      const socket = this._socket
      socket.cork()
      process.nextTick(() => socket.uncork())
    }
    if (code === 250 && Array.isArray(data)) super.send(code, this.#ehloLines(data), context)
    // A text that brings its own enhanced status code keeps it.
    else super.send(code, data, typeof data === 'string' && /^[245]\.\d+\.\d+ /.test(data) ? false : context)
  }

  override openMessage(): ChunkedMessage {
    return new ReceivedMessage(this.#server.parts, this.session)
  }

  override beforeReply(reply: () => void): void {
    this.#server.parts.behaviour.beforeReply(reply)
  }

  /** Adds CHUNKING, and keeps AUTH back until there is TLS, as RFC 8314 asks. */
  #ehloLines(lines: string[]): string[] {
    return [...lines.filter((line) => this.secure || !line.startsWith('AUTH ')), 'CHUNKING']
  }
}

/** A message on its way in: counted, and answered when it is complete. */
class ReceivedMessage implements ChunkedMessage {
  readonly #parts: SandboxParts
  readonly #session: SMTPServerSession
  readonly #pieces: Buffer[] = []
  #bytes = 0
  #header = ''

  constructor(parts: SandboxParts, session: SMTPServerSession) {
    this.#parts = parts
    this.#session = session
  }

  take(piece: Buffer): void {
    this.#bytes += piece.length
    const { ledger, relay } = this.#parts
    if (relay !== null) this.#pieces.push(Buffer.from(piece))
    if (ledger.recording && this.#header.length < HEADER_BYTES) {
      this.#header += piece.toString('latin1', 0, HEADER_BYTES)
    }
  }

  finish(answer: (code: number, text: string) => void): void {
    const arrivedMs = wallClockMs()
    const { mailFrom, rcptTo } = this.#session.envelope
    const { behaviour, ledger, relay } = this.#parts
    behaviour.work((taken) => {
      if (taken) {
        ledger.took('smtp', this.#bytes, arrivedMs, findMessageId(this.#header))
        answer(250, 'OK: message queued')
        relay?.pass({
          envelope: {
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address)
          },
          raw: Buffer.concat(this.#pieces)
        })
      } else {
        ledger.stats.failed++
        answer(451, 'Error: local error in processing')
      }
    })
  }
}
