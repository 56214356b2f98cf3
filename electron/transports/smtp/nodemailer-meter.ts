import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { NodemailerError } from 'nodemailer'
import type { SentEnvelope } from './nodemailer-failure.ts'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { meterHandshake, type PhaseOf, type SocketMeter } from '../connect/socket-meter.ts'
import { tapSocket } from '../connect/socket-tap.ts'

/** Names the waits of an SMTP client by the commands that it writes. */
export const phaseOfCommand: PhaseOf = (chunk, before, continuing) => {
  if (continuing && before === 'content') return 'content'
  const isInEnvelope = continuing && (before === 'mail' || before === 'rcpt' || before === 'envelope')
  switch (verbOf(chunk)) {
    case 'EHLO':
    case 'HELO':
      return 'ehlo'
    case 'STAR':
      return 'starttls'
    case 'AUTH':
      return 'auth'
    case 'MAIL':
      return 'mail'
    case 'RCPT':
      return isInEnvelope ? 'envelope' : 'rcpt'
    case 'DATA':
      return isInEnvelope ? 'envelope' : 'data'
    case 'QUIT':
    case 'RSET':
      return null
    default:
      return before === 'auth' ? 'auth' : 'content'
  }
}

function verbOf(chunk: Uint8Array | string): string {
  return typeof chunk === 'string' ? chunk.slice(0, 4) : Buffer.from(chunk.subarray(0, 4)).toString('latin1')
}

const meters = new WeakMap<Socket, SocketMeter>()
const sockets = new WeakMap<SMTPConnection, Socket | false | null>()
const connectionMeters = new WeakMap<SMTPConnection, SocketMeter>()
const sendErrors = new WeakMap<SocketMeter, NodemailerError>()

/** Meters an open socket that is handed to nodemailer, and the TLS socket that nodemailer may put over it. */
export function meterForNodemailer(socket: Socket, meter: SocketMeter): void {
  meters.set(socket, meter)
  tapSocket(socket, meter)
}

/** What the latest send over a metered connection failed of, in that connection's own words. */
export function sendErrorOf(meter: SocketMeter): NodemailerError | undefined {
  return sendErrors.get(meter)
}

/*
 * A pool that finds a kept connection gone would send again. Told not to, it keeps back what happened, a 421 among it,
 * and says only that it has given up. So the connection's own answer to it is noted as it passes.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the connection it belongs to
const sendOver = SMTPConnection.prototype.send
SMTPConnection.prototype.send = function (this: SMTPConnection, envelope, message, done) {
  const meter = connectionMeters.get(this)
  if (meter !== undefined) sendErrors.delete(meter)
  sendOver.call(this, envelope, message, (error, info) => {
    // What was refused before the connection ended is part of the story, and nodemailer drops it.
    if (error !== null && meter !== undefined) {
      const { _envelope: kept } = this as { _envelope?: SentEnvelope | false }
      sendErrors.set(meter, Object.assign(error, kept ? { envelope: kept } : {}))
    }
    done(error, info)
  })
}

/*
 * With STARTTLS nodemailer makes the TLS socket itself and tells nobody. What passes through that socket can be seen
 * nowhere else: the one below carries handshakes and tickets too. So `_socket`, a public field of its connections,
 * is watched for the change.
 */
Object.defineProperty(SMTPConnection.prototype, '_socket', {
  configurable: true,
  get(this: SMTPConnection): Socket | false | null | undefined {
    return sockets.get(this)
  },
  set(this: SMTPConnection, socket: Socket | false | null) {
    const before = sockets.get(this)
    sockets.set(this, socket)
    const given = socket instanceof Object ? meters.get(socket) : undefined
    if (given !== undefined) connectionMeters.set(this, given)
    const meter = before instanceof Object ? meters.get(before) : undefined
    if (meter !== undefined && socket instanceof TLSSocket && socket !== before) meterHandshake(socket, meter)
  }
})
