import type { Socket } from 'node:net'
import nodemailer, { type NodemailerError, type SendMailOptions, type SMTPTransportOptions } from 'nodemailer'
import type { Lane } from '../client.ts'
import { nowUs } from '../clock.ts'
import { messageId, type Content } from '../content.ts'
import { SendResult } from '../send-result.ts'
import { SocketMeter } from '../socket-meter.ts'
import { CLIENT_NAME } from './commands.ts'
import type { Endpoint } from './endpoint.ts'
import { isThrottling, retryAfterSeconds, type Failure } from './failure.ts'
import { nodemailerFailure, statusOf } from './nodemailer-failure.ts'
import { sendErrorOf, SMTP_METER } from './nodemailer-meter.ts'
import { openNodemailerSocket } from './nodemailer-socket.ts'

type SocketReady = (error: Error | null, options: { connection: Socket; secured: boolean } | false) => void

/** One message after the other through a nodemailer transport of its own. */
export class NodemailerLane implements Lane {
  readonly result: SendResult
  readonly #endpoint: Endpoint
  readonly #onDone: (result: SendResult) => void
  readonly #fields: SendMailOptions
  #meter: SocketMeter
  #transporter: Sender | null = null
  #socket: Socket | null = null
  /** Number of the connection that is in use, 0 for none. */
  #connection = 0
  #isBusy = false
  /** Counts up with every send and abort: an answer that comes for an older one is nobody's. */
  #turn = 0

  constructor(endpoint: Endpoint, index: number, onDone: (result: SendResult) => void) {
    this.#endpoint = endpoint
    this.#onDone = onDone
    this.#fields = fieldsOf(endpoint.options.content)
    this.#meter = new SocketMeter(SMTP_METER, endpoint.stats)
    this.result = new SendResult(index)
  }

  send(seq: number, dueUs: number): void {
    const { result } = this
    const { content } = this.#endpoint.options
    result.begin(seq, dueUs, nowUs())
    this.#isBusy = true
    this.#meter.result = result
    result.connection = this.#connection
    result.reused = this.#connection > 0
    this.#transporter ??= this.#makeTransporter()
    const turn = ++this.#turn
    const fields = { ...this.#fields, messageId: messageId(content.message, content.runTag, seq) }
    this.#transporter.sendMail(fields, (error, info) => {
      if (turn !== this.#turn) return
      result.doneUs = nowUs()
      if (error === null) this.#accept(info)
      else this.#fail(error)
    })
  }

  abort(): void {
    const { result } = this
    const wasBusy = this.#isBusy
    if (wasBusy) {
      result.phase = this.#meter.cut()
      result.doneUs = nowUs()
      result.outcome = 'aborted'
      result.code = 'ABORTED'
      result.sample = 'cut before its outcome was known'
    }
    this.#turn++
    this.#dropTransporter()
    this.#socket?.destroy()
    if (wasBusy) this.#deliver()
  }

  /** Lets the kept connection go; a send in flight is aborted. */
  retire(): void {
    if (this.#isBusy) this.abort()
    this.#dropTransporter()
  }

  #accept({ response, rejected, rejectedErrors }: SentInfo): void {
    const { result } = this
    this.#meter.settle()
    result.outcome = 'accepted'
    result.code = statusOf(response ?? '')
    result.phase = 'content'
    const refusal = rejectedErrors?.[0]
    if (refusal !== undefined) {
      const { code, phase, sample } = nodemailerFailure(refusal, 'rcpt', this.#endpoint)
      result.code = code
      result.phase = phase
      result.sample = sample
      result.recipientsRefused = rejected?.length ?? 0
    }
    this.#deliver()
  }

  #fail(error: NodemailerError): void {
    const phase = this.#meter.cut()
    this.#decide(nodemailerFailure(sendErrorOf(this.#meter) ?? error, phase, this.#endpoint))
    this.#deliver()
  }

  #decide({ outcome, code, phase, sample }: Failure): void {
    const { result } = this
    result.outcome = outcome
    result.code = code
    result.phase = phase
    result.sample = sample
    result.throttled = outcome === 'rejected' && isThrottling(Number(code.slice(0, 3)))
    if (result.throttled) result.retryAfterSeconds = retryAfterSeconds(sample)
  }

  #deliver(): void {
    if (this.result.reused) this.#endpoint.stats.reused++
    this.#isBusy = false
    this.#meter.result = null
    this.#onDone(this.result)
  }

  #dropTransporter(): void {
    this.#transporter?.close()
    this.#transporter = null
    this.#connection = 0
  }

  #makeTransporter(): Sender {
    const { transport, timeoutMs, connectHost, connectPort, password } = this.#endpoint.options
    const { security, auth, messagesPerConnection } = transport
    const options: SMTPTransportOptions = {
      host: connectHost,
      port: connectPort,
      name: CLIENT_NAME,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      tls: this.#endpoint.tlsOptions(),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // Plans are checked before; what is left out here is never missed silently.
      forceAuth: auth !== null,
      ...(auth === null ? {} : { auth: loginOf(auth.user, password ?? '', auth.method) }),
      getSocket: (_options: unknown, ready: SocketReady) => this.#connect(ready)
    }
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
    const meter = (this.#meter = new SocketMeter(SMTP_METER, this.#endpoint.stats))
    meter.result = this.result
    this.result.reused = false
    this.result.connection = this.#connection = ++this.#endpoint.connectionNumber
    if (!this.#endpoint.needsLookup) {
      this.#openSocket(meter, ready)
      return
    }
    meter.begin('dns')
    this.#endpoint.resolve((error) => {
      meter.ended(0)
      if (error === null) this.#openSocket(meter, ready)
      else ready(error, false)
    })
  }

  #openSocket(meter: SocketMeter, ready: SocketReady): void {
    const secured = this.#endpoint.options.transport.security === 'tls'
    const isMine = (socket: Socket): boolean => this.#socket === socket
    this.#socket = openNodemailerSocket(this.#endpoint, meter, {
      onOpened: (connection) => ready(null, { connection, secured }),
      onFailed: (error) => ready(error, false),
      onPeerClosed: (socket) => {
        if (isMine(socket) && !this.#isBusy) this.#endpoint.stats.closedByPeer++
      },
      onGone: (socket) => {
        if (!isMine(socket)) return
        this.#socket = null
        this.#connection = 0
      }
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
    from: message.from,
    to: message.to,
    subject: message.subject,
    date,
    headers,
    text,
    ...(html === null ? {} : { html }),
    attachments: attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content }))
  }
}

function loginOf(user: string, password: string, method: string) {
  if (method === 'xoauth2') return { type: 'OAuth2' as const, user, accessToken: password }
  return { user, pass: password, method: method.toUpperCase() }
}
