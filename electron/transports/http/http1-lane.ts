import type { OnReadOpts, Socket } from 'node:net'
import { PHASE_INDEX, type Phase } from '../../../shared/words.ts'
import type { Lane } from '../client.ts'
import { nowUs } from '../clock.ts'
import { SendResult } from '../send-result.ts'
import { AnswerParser } from './answer-parser.ts'
import type { DialListener } from './dialer.ts'
import type { HttpContext } from './http-context.ts'
import { noteTurn } from './least-turn.ts'
import { bodyOf, headersOf } from './request.ts'
import { RequestWriter } from './request-writer.ts'
import { SendTimer } from './send-timer.ts'
import { answerText, requestText } from './trace-text.ts'
import { type Answer, headerIn } from './verdict.ts'

/** A lane over HTTP/1.1: one connection at a time, one request on it at a time. */
export class Http1Lane implements Lane, DialListener {
  readonly result: SendResult
  readonly #context: HttpContext
  readonly #onDone: (result: SendResult) => void
  readonly #writer: RequestWriter
  readonly #parser = new AnswerParser()
  readonly #timer: SendTimer
  readonly #onWritten = (): void => this.#written()
  readonly #answer: Answer

  #socket: Socket | null = null
  #open = false
  #connection = 0
  #sendsOnConnection = 0
  #busy = false
  #phase: Phase = 'tcp'
  #phaseUs = 0
  #firstByteUs = 0

  constructor(index: number, context: HttpContext, onDone: (result: SendResult) => void) {
    this.result = new SendResult(index)
    this.#context = context
    this.#onDone = onDone
    this.#writer = new RequestWriter(context.request, context.runTag, context.messagesPerConnection > 1)
    this.#timer = new SendTimer(context.timeoutMs, () => this.#timedOut())
    const parser = this.#parser
    this.#answer = {
      status: 0,
      header: (name) => headerIn(parser.head, name),
      get body() {
        return parser.bodyText
      }
    }
  }

  send(seq: number, dueUs: number): void {
    const startedUs = nowUs()
    this.result.begin(seq, dueUs, startedUs)
    this.#busy = true
    this.#firstByteUs = 0
    this.#timer.start(startedUs)
    if (this.#socket === null) this.#connect()
    else {
      this.result.reused = true
      this.#context.stats.reused++
      this.#request(this.#socket)
    }
  }

  abort(): void {
    this.#timer.clear()
    if (this.#busy) {
      this.result.outcome = 'aborted'
      this.result.code = 'ABORTED'
      this.#cut()
    } else this.letGo()
  }

  /** Lets an idle connection go politely; one whose peer has answered without reading everything is cut. */
  letGo(): void {
    const socket = this.#socket
    if (socket === null) return
    this.#forget()
    if (socket.writableLength > 0) socket.destroy()
    else socket.destroySoon()
  }

  dialing(phase: Phase): void {
    this.#phase = phase
    this.#phaseUs = nowUs()
  }

  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.result.waited(phase, untilUs - fromUs, turns)
  }

  opened(socket: Socket): void {
    this.#open = true
    this.#connection = this.#context.stats.opened
    this.#sendsOnConnection = 0
    this.#parser.keep = this.#context.keepsAnswers || this.#context.dialer.observed?.banner === null
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lost(socket, error.code ?? 'ERROR', error.message)
    )
    socket.on('end', () => this.#ended(socket))
    socket.on('close', () => this.#lost(socket, 'CONNECTION_CLOSED', 'the server closed the connection'))
    this.#request(socket)
  }

  dialFailed(socket: Socket, code: string, message: string): void {
    if (socket !== this.#socket) return
    this.#socket = null
    this.#fail(code, message)
  }

  #connect(): void {
    const onread: OnReadOpts = {
      buffer: this.#context.readBuffer,
      callback: (length) => {
        if (socket === this.#socket) this.#read(length)
        return true
      }
    }
    const socket = this.#context.dialer.dial(this, onread)
    this.#socket = socket
  }

  #request(socket: Socket): void {
    const { result } = this
    result.connection = this.#connection
    this.#sendsOnConnection++
    this.#parser.reset()
    this.#phase = 'request'
    const writeUs = nowUs()
    this.#phaseUs = writeUs
    result.bytesOut = this.#writer.write(socket, result.seq, this.#onWritten)
    if (this.#writer.atOnce) this.#waitFrom(writeUs, 0)
    if (this.#context.trace !== undefined) this.#traceRequest(writeUs)
  }

  /** The request has left: from here on the peer is waited for. */
  #waitFrom(sentUs: number, requestUs: number): void {
    this.result.waited('request', requestUs, 0)
    this.#phase = 'wait'
    this.#phaseUs = sentUs
  }

  #written(): void {
    if (!this.#busy || this.#phase !== 'request') return
    const sentUs = nowUs()
    this.#waitFrom(sentUs, sentUs - this.#phaseUs)
  }

  #read(length: number): void {
    const readUs = nowUs()
    if (!this.#busy) {
      // Nobody asked: a peer that says goodbye (408) or nonsense; the connection is of no use any more.
      this.#context.stats.closedByPeer++
      this.letGo()
      return
    }
    const { result } = this
    const parser = this.#parser
    result.bytesIn += length
    if (this.#firstByteUs === 0) this.#firstByteUs = readUs
    const used = parser.feed(this.#context.readBuffer, length)
    if (parser.fault !== null) {
      this.#fail('PROTOCOL', `the answer makes no sense: ${parser.fault}`)
    } else if (parser.done) this.#complete(readUs, used === length)
    else if (parser.awaitsHead) this.#firstByteUs = 0
  }

  /** Books the waiting for the answer: up to its first byte a turn, then none. */
  #heard(lastByteUs: number): void {
    if (this.#phase === 'request') this.#waitFrom(this.#firstByteUs, this.#firstByteUs - this.#phaseUs)
    const waitUs = Math.max(0, this.#firstByteUs - this.#phaseUs)
    this.result.waited('wait', waitUs, 1)
    this.result.waited('response', lastByteUs - this.#firstByteUs, 0)
    this.#phase = 'response'
    this.#phaseUs = lastByteUs
  }

  #complete(doneUs: number, alone: boolean): void {
    const { result } = this
    const parser = this.#parser
    this.#heard(doneUs)
    const { stats, judge, messagesPerConnection } = this.#context
    this.#answer.status = parser.status
    judge.settle(result, this.#answer)
    noteTurn(stats, result)
    if (parser.head !== null) this.#observe(doneUs)
    if (this.#sendsOnConnection >= messagesPerConnection) this.letGo()
    else if (!parser.reusable) {
      stats.closedByPeer++
      this.letGo()
    } else if (!alone || this.#socket?.writableLength !== 0) this.letGo()
    this.#finish(doneUs)
  }

  #observe(doneUs: number): void {
    const parser = this.#parser
    const { dialer, judge, trace, request } = this.#context
    const banner = headerIn(parser.head, 'server')
    if (dialer.observed !== null && banner !== null) dialer.observed.banner = judge.banner(banner)
    parser.keep = this.#context.keepsAnswers
    if (trace === undefined) return
    const waitedUs = this.result.phaseUs[WAIT]!
    trace({ kind: 'waited', atUs: this.#firstByteUs, phase: 'wait', waitedUs, turns: 1 })
    trace({
      kind: 'heard',
      atUs: doneUs,
      phase: 'response',
      text: answerText(request, parser.head ?? '', parser.bodyText)
    })
  }

  #traceRequest(atUs: number): void {
    const { request, runTag, trace } = this.#context
    const { seq } = this.result
    const body = bodyOf(request, seq)
    const text = requestText(request, headersOf(request, runTag, seq, body), body)
    trace?.({ kind: 'sent', atUs, phase: 'request', text })
  }

  #ended(socket: Socket): void {
    if (socket !== this.#socket) return
    this.#parser.end()
    if (this.#busy && this.#parser.done) this.#complete(nowUs(), true)
    else this.#lost(socket, 'CONNECTION_CLOSED', 'the server closed the connection')
  }

  #lost(socket: Socket, code: string, message: string): void {
    if (socket !== this.#socket) return
    if (!this.#busy) {
      this.#context.stats.closedByPeer++
      this.letGo()
      return
    }
    const during = this.#firstByteUs === 0 ? 'before it answered' : 'in the middle of its answer'
    this.#fail(code, `${message} ${during}`)
  }

  #timedOut(): void {
    if (!this.#busy) return
    this.#fail('TIMEOUT', `no complete answer within ${this.#context.timeoutMs / 1000} s`)
  }

  #fail(code: string, message: string): void {
    const { result } = this
    result.outcome = 'failed'
    result.code = code
    result.sample = this.#context.judge.scrub(message)
    this.#cut()
  }

  /** Ends a send that got no usable answer: its open wait is booked, its connection is cut. */
  #cut(): void {
    const { result } = this
    const endUs = nowUs()
    if (this.#firstByteUs !== 0) this.#heard(endUs)
    else result.waited(this.#phase, Math.max(0, endUs - this.#phaseUs), TURN_OF[this.#phase] ?? 0)
    result.phase = this.#phase
    const socket = this.#socket
    if (socket !== null) {
      this.#forget()
      socket.destroy()
    }
    this.#finish(endUs)
  }

  #forget(): void {
    this.#socket = null
    if (!this.#open) return
    this.#open = false
    this.#context.dialer.released()
  }

  #finish(doneUs: number): void {
    this.#busy = false
    this.#timer.stop()
    this.result.doneUs = doneUs
    this.#onDone(this.result)
  }
}

const WAIT = PHASE_INDEX.wait

/** Turns of a phase that was cut while it was waited for. */
const TURN_OF: Partial<Record<Phase, number>> = { tcp: 1, tls: 1, wait: 1 }
