import type { Socket } from 'node:net'
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { SMTPConnection, SMTPServer } from '../smtp-server.ts'
import { findMark, type Mark } from './mark.ts'

/** Messages larger than this are refused, bytes; announced as SIZE (RFC 1870). */
const MAX_MESSAGE_BYTES = 104_857_600
/** Part of a message in which its mark is looked for: hops on the way put their fields before it. */
const HEADER_BYTES = 65_536
/** A relay keeps its connections open for a while between messages. */
const IDLE_TIMEOUT_MS = 300_000
/** Connections at a time. */
const MAX_CLIENTS = 1000

export interface SinkOptions {
  /** Offers STARTTLS; none is offered without. */
  certificate?: { key: string; cert: string }
  /** Whether messages of this tag are awaited. */
  isKnown: (tag: string) => boolean
  /**
   * Called for each message.
   * @param atUs when its last byte had come, on the clock that processes of a machine share
   * @param header of the message, or its beginning
   * @returns false when no more of them can be kept, so that it is to come again later
   */
  onArrival: (mark: Mark, atUs: number, header: string) => boolean
}

/**
 * An SMTP server where mail ends: it takes messages of known runs, remembers when they came, and keeps nothing of them.
 * It refuses all others, and passes nothing on.
 */
export function smtpSink(options: SinkOptions): SMTPServer {
  const server = new SinkServer(options)
  server.server.prependListener('connection', (socket: Socket) => {
    socket.setNoDelay(true)
  })
  // Peers that reset their connection are nothing to be done about.
  server.on('error', () => undefined)
  return server
}

class SinkServer extends SMTPServer {
  constructor({ certificate, isKnown, onArrival }: SinkOptions) {
    super({
      ...certificate,
      name: 'localhost',
      banner: 'Chattermark receiver',
      size: MAX_MESSAGE_BYTES,
      rejectOversized: true,
      hideENHANCEDSTATUSCODES: false,
      disabledCommands: certificate === undefined ? ['AUTH', 'STARTTLS'] : ['AUTH'],
      authOptional: true,
      disableReverseLookup: true,
      socketTimeout: IDLE_TIMEOUT_MS,
      maxClients: MAX_CLIENTS,
      onData: (stream, _session, callback) => {
        let header = ''
        stream.on('data', (piece: Buffer) => {
          if (header.length < HEADER_BYTES) header += piece.toString('latin1', 0, HEADER_BYTES)
        })
        stream.on('end', () => {
          const atUs = sharedNowUs()
          const fields = headerOf(header)
          const mark = findMark(fields)
          if (mark === null || !isKnown(mark.tag)) {
            callback(refusal(550, '5.7.1 Error: not a message of a run that is awaited here'))
          } else if (stream.sizeExceeded) {
            callback(refusal(552, '5.3.4 Error: message too large'))
          } else if (onArrival(mark, atUs, fields)) {
            callback(null, 'OK: message noted')
          } else {
            callback(refusal(452, '4.3.1 Error: too many arrivals that nobody has asked for'))
          }
        })
      }
    })
  }

  /** What the base class does, with our own connection class. */
  override connect(socket: Socket, socketOptions?: SMTPConnectionOptions | null): void {
    const connection = new SinkConnection(this, socket, socketOptions)
    this.connections.add(connection)
    connection.on('error', (error: Error) => this._onError(error))
    connection.init()
  }
}

class SinkConnection extends SMTPConnection {
  /** The library holds its greeting back for 100 ms to catch spammers; that would be measured as delivery time. */
  override init(): void {
    this._setListeners(() => this.connectionReady())
  }
}

/** The monotonic clock that all processes of this machine share, µs. */
export function sharedNowUs(): number {
  return Number(process.hrtime.bigint()) / 1000
}

/** Up to the first empty line: a body may quote anything. */
function headerOf(text: string): string {
  const end = text.search(/\r?\n\r?\n/)
  return end === -1 ? text.slice(0, HEADER_BYTES) : text.slice(0, end)
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
