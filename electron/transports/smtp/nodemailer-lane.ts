import type { Socket } from 'node:net'
import nodemailer, { type NodemailerError, type SendMailOptions } from 'nodemailer'
import { headerFrom } from '../../../shared/plan/mailbox.ts'
import { ID_HEADER } from '../../../shared/providers/provider.ts'
import { envelopeAddress } from '../ascii-domain.ts'
import type { Lane } from '../client.ts'
import { nowUs } from '../clock.ts'
import { messageId, type Content } from '../content.ts'
import { Conversation } from '../conversation.ts'
import { SendResult } from '../send-result.ts'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import { type Failure, sendTimeoutFailure } from '../connect/failure.ts'
import { SocketMeter } from '../connect/socket-meter.ts'
import type { Timed } from '../connect/sweeper.ts'
import { clientName } from './client-name.ts'
import { refusalAdvice, replyTimeoutFailure, settlePace } from './failure.ts'
import { nodemailerFailure, statusOf } from './nodemailer-failure.ts'
import { meterForNodemailer, phaseOfCommand, sendErrorOf } from './nodemailer-meter.ts'
import { nodemailerOptions, type SocketReady } from './nodemailer-options.ts'
import type { SmtpContext } from './smtp-context.ts'

/** How a connection ends that the peer has closed. */
const ENDED: readonly string[] = ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE']

/** One message after the other through a nodemailer transport of its own. */
export class NodemailerLane implements Lane, Timed {
  readonly result: SendResult
  readonly #context: SmtpContext
  readonly #onDone: (result: SendResult) => void
  readonly #fields: SendMailOptions
  #meter: SocketMeter
  #transporter: Sender | null = null
  #connection: Connection | null = null
  /** Why the connection of this send could not be opened. */
  #openingFailure: Failure | null = null
  #isBusy = false
  #isTimed = false
  /** Counts up with every send and abort: an answer that comes for an older one is nobody's. */
  #latest = 0
  /** Messages that the connection has carried. */
  #carried = 0
  /** Name given in EHLO. */
  #name = ''
  #fieldsOfSend: SendMailOptions = {}

  constructor(context: SmtpContext, index: number, onDone: (result: SendResult) => void) {
    this.#context = context
    this.#onDone = onDone
    this.#fields = fieldsOf(context.options.content)
    this.#meter = new SocketMeter(phaseOfCommand, context.connector.stats)
    this.result = new SendResult(index, new Conversation((line) => context.mask(line)))
  }

  send(seq: number, dueUs: number): void {
    const { result } = this
    const { content } = this.#context.options
    result.begin(seq, dueUs, nowUs())
    this.#isBusy = true
    if (!this.#isTimed) {
      this.#isTimed = true
      this.#context.connector.sweeper.add(this)
    }
    this.#openingFailure = null
    this.#meter.result = result
    this.#meter.progressUs = result.startedUs
    result.connection = this.#connection?.number ?? 0
    result.reused = result.connection > 0
    result.carriedBefore = result.reused ? this.#carried : 0
    this.#transporter ??= this.#makeTransporter()
    const id = messageId(content.message, content.runTag, seq)
    this.#fieldsOfSend = { ...this.#fields, messageId: id, headers: { ...content.headers, [ID_HEADER]: id } }
    this.#sendMail(this.#transporter)
  }

  #sendMail(transporter: Sender): void {
    const { result } = this
    const mine = ++this.#latest
    transporter.sendMail(this.#fieldsOfSend, (error, info) => {
      if (mine !== this.#latest) return
      result.doneUs = nowUs()
      if (error === null) this.#accept(info)
      else this.#fail(error)
    })
  }

  abort(): void {
    this.#isTimed = false
    this.#context.connector.sweeper.delete(this)
    const { result } = this
    const wasBusy = this.#isBusy
    if (wasBusy) {
      result.outcome = 'aborted'
      result.code = 'ABORTED'
      result.sample = 'cut before its outcome was known'
      result.phase = this.#meter.cut()
    }
    this.#drop()
    if (wasBusy) this.#deliver()
  }

  sweep(now: number): void {
    if (!this.#isBusy) return
    const { timeoutMs, sendTimeoutMs = null, transport } = this.#context.options
    if (sendTimeoutMs !== null && now - this.result.startedUs > sendTimeoutMs * 1000) {
      this.#giveUp(sendTimeoutFailure(this.#meter.cut(), sendTimeoutMs))
    } else if (now - this.#meter.progressUs > timeoutMs * 1000) {
      this.#giveUp(replyTimeoutFailure(this.#meter.cut(), timeoutMs, transport.security))
    }
  }

  /** Lets the kept connection go; a send in flight is aborted. */
  retire(): void {
    if (this.#isBusy) this.abort()
    this.#dropTransporter()
  }

  #accept({ response, rejected, rejectedErrors }: SentInfo): void {
    const { result } = this
    this.#meter.settle()
    this.#carried++
    result.outcome = 'accepted'
    result.code = statusOf(response ?? '')
    result.phase = 'content'
    const refusal = rejectedErrors?.[0]
    if (refusal !== undefined) {
      const { code, phase, sample } = nodemailerFailure(refusal, 'rcpt', this.#context)
      result.code = code
      result.phase = phase
      result.sample = sample
      result.recipientsRefused = rejected?.length ?? 0
    }
    this.#deliver()
  }

  #fail(error: NodemailerError): void {
    const phase = this.#meter.cut(this.result.doneUs)
    const failure = nodemailerFailure(
      sendErrorOf(this.#meter) ?? error,
      phase,
      this.#context,
      this.#meter.isWriting
    )
    if (this.#mayBeginAnew(failure)) return this.#beginAnew()
    this.#carried++
    this.#decide(this.#openingFailure ?? failure)
    this.#deliver()
  }

  /** As of the wire client: a limit of the peer's own that ends a kept connection is no answer to the message. */
  #mayBeginAnew({ code, phase }: Failure): boolean {
    const isEarly = phase === 'mail' || phase === 'rcpt' || phase === 'data' || phase === 'envelope'
    return this.result.reused && isEarly && (code.startsWith('421') || ENDED.includes(code))
  }

  #beginAnew(): void {
    const { stats } = this.#context.connector
    stats.resent++
    stats.endedAfter = Math.min(stats.endedAfter, this.#carried)
    this.result.reused = false
    this.result.carriedBefore = 0
    this.#drop()
    this.#sendMail((this.#transporter = this.#makeTransporter()))
  }

  /** Ends a send whose time is over. */
  #giveUp(failure: Failure): void {
    this.#decide(failure)
    this.#drop()
    this.#deliver()
  }

  #decide({ outcome, code, phase, sample }: Failure): void {
    const { result } = this
    result.outcome = outcome
    result.code = code
    result.phase = phase
    result.sample = sample
    const { transport } = this.#context.options
    if (outcome === 'rejected') {
      result.sample += refusalAdvice(sample, phase, transport, this.#name)
      settlePace(result, sample, transport)
    } else result.mayBeDelivered = phase === 'content' && !this.#meter.isWriting
  }

  #deliver(): void {
    if (this.result.reused) this.#context.connector.stats.reused++
    this.#isBusy = false
    this.#meter.result = null
    this.#onDone(this.result)
  }

  /** Cuts the connection, and whatever nodemailer is at. */
  #drop(): void {
    const connection = this.#connection
    this.#latest++
    this.result.doneUs = nowUs()
    this.#dropTransporter()
    connection?.destroy()
  }

  #dropTransporter(): void {
    this.#transporter?.close()
    this.#transporter = null
    this.#connection = null
  }

  #makeTransporter(): Sender {
    const { messagesPerConnection } = this.#context.options.transport
    const options = nodemailerOptions(this.#context, (ready) => this.#connect(ready))
    if (messagesPerConnection === 1) return nodemailer.createTransport(options)
    return nodemailer.createTransport({
      ...options,
      pool: true,
      maxConnections: 1,
      maxMessages: messagesPerConnection ?? Infinity,
      // Nothing is retried behind the measurement's back, and nothing let go while it waits.
      maxRequeues: 0,
      idleTimeout: 0
    })
  }

  #connect(ready: SocketReady): void {
    const { connector, options } = this.#context
    const { security, ehloName } = options.transport
    const meter = (this.#meter = new SocketMeter(phaseOfCommand, connector.stats))
    meter.result = this.result
    this.result.reused = false
    this.result.carriedBefore = 0
    const listener: ConnectionListener = {
      entered: (phase) => meter.begin(phase, phase === 'dns' ? 0 : 1),
      passed: (_phase, _fromUs, _untilUs, turns) => meter.ended(turns),
      opened: (socket, connection) => {
        this.result.connection = connection.number
        // Behind a full handshake of TLS 1.2 a peer that speaks first may send its greeting along with its last flight.
        meter.tcp = connection.tcp
        meter.begin('greeting', connection.tlsTurns === 2 ? 0 : 1)
        meterForNodemailer(socket, meter)
        this.#watch(socket, connection)
        this.#carried = 0
        this.#name = clientName(ehloName, socket.localAddress)
        ready(null, {
          connection: socket,
          secured: security === 'tls',
          name: this.#name
        })
      },
      failed: (failure) => {
        this.#openingFailure = { ...failure, sample: this.#context.mask(failure.sample) }
        ready(new Error(failure.sample), false)
      }
    }
    this.#connection = connector.open(listener)
  }

  #watch(socket: Socket, connection: Connection): void {
    const isMine = (): boolean => this.#connection === connection
    let byPeer = false
    const ended = (): void => {
      // Now: nodemailer ends the send in flight before the socket is closed.
      byPeer ||= !this.#isBusy && !socket.writableEnded
    }
    socket.once('end', ended)
    socket.on('error', ended)
    // A side that has said all it will say no longer counts as open, as with the wire client's QUIT.
    socket.once('finish', () => connection.release())
    socket.once('close', () => {
      if (!isMine()) return
      this.#connection = null
      if (byPeer) this.#context.connector.stats.closedByPeer++
    })
  }
}

/** What a pooled and a plain transport have in common. */
interface Sender {
  sendMail(fields: SendMailOptions, done: (error: NodemailerError | null, info: SentInfo) => void): void
  close(): void
}

interface SentInfo {
  response?: string | undefined
  rejected?: unknown[]
  rejectedErrors?: NodemailerError[] | undefined
}

function fieldsOf({ message, date, text, html, attachments, headers }: Content): SendMailOptions {
  return {
    from: { name: '', address: headerFrom(message.from) },
    to: message.to.map((address) => ({ name: '', address })),
    envelope: { from: envelopeAddress(message.from), to: message.to.map(envelopeAddress) },
    subject: message.subject,
    date,
    headers,
    text,
    ...(html === null ? {} : { html }),
    attachments: attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content }))
  }
}
