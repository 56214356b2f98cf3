import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import type { Phase } from '../../../shared/words.ts'
import { nowUs } from '../clock.ts'
import type { SendResult } from '../send-result.ts'
import { handshakeTurns } from '../socket-meter.ts'
import { QUIT } from './commands.ts'
import { NO_EXTENSIONS, type Dialect } from './dialect.ts'
import type { Endpoint, Target, Watched } from './endpoint.ts'
import { closedFailure, failed, socketFailure, timeoutFailure, type Failure } from './failure.ts'
import type { Payload } from './payload.ts'
import { INCOMPLETE, ReplyParser, TOO_LONG } from './reply-parser.ts'
import { contentExcerpt, textLines } from './transcript.ts'

/** A large content goes out in slices of this size, the next when the last has left. */
const SLICE_BYTES = 256 * 1024
/** A peer that was told QUIT may take this long to hang up. */
const LEAVING_LIMIT_US = 5_000_000

/** Who talks over a connection. */
export interface Talker {
  /**
   * A complete reply, valid until this returns.
   * @param isLast nothing was heard behind it yet
   */
  onReply(reply: ReplyParser, heardUs: number, isLast: boolean): void
  /** The peer said something that nobody had asked for. */
  onUnasked(code: number): void
  /** The connection is gone; called once, never after {@link Connection.destroy} or {@link Connection.leave}. */
  onLost(failure: Failure): void
}

/** One SMTP connection: its socket, what is said and heard on it, and the clock of its waits. Knows no commands but QUIT. */
export class Connection implements Watched {
  readonly endpoint: Endpoint
  /** The send that waits and bytes belong to. */
  readonly result: SendResult
  /** From 1; 0 for one that is not part of the load (preflight). */
  readonly number: number
  talker: Talker
  /** Names what is going on, for waits, timeouts and transcript. */
  phase: Phase = 'dns'
  /** A reply is due. */
  isWaiting = true
  /** When the wait began. */
  saidUs: number
  dialect: Dialect = NO_EXTENSIONS
  /** Messages that it has carried. */
  messages = 0
  /** What the greeting costs: nothing when it came along with the last flight of a full TLS 1.2 handshake. */
  greetingTurns = 1
  #progressUs: number
  #socket: Socket | null = null
  readonly #parser = new ReplyParser()
  #isAlive = true
  #isLeaving = false
  #isCounted = false
  /** What was heard while nobody was ready to hear it. */
  #held: Uint8Array[] | null = null
  /** Rest of a payload that has not been handed to the socket. */
  #unwritten: Buffer | null = null

  constructor(endpoint: Endpoint, result: SendResult, talker: Talker, number: number) {
    this.endpoint = endpoint
    this.result = result
    this.talker = talker
    this.number = number
    this.saidUs = nowUs()
    this.#progressUs = this.saidUs
    endpoint.watch(this)
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Bytes of a payload that have not been handed to the socket. */
  get unwrittenBytes(): number {
    return this.#unwritten?.length ?? 0
  }

  /** Nothing that was said lies in this process any more, where a change of its bytes would change what is sent. */
  get isFlushed(): boolean {
    if (this.#unwritten !== null) return false
    // TLS copies what it encrypts, and calls a write done only at the end of the event loop's turn, when the reply may
    // have been heard already.
    return this.#socket instanceof TLSSocket || this.#socket?.writableLength === 0
  }

  /** Resolves, connects and (with implicit TLS) shakes hands, with all its waits; `done` only when that worked. */
  open(done: () => void): void {
    if (!this.endpoint.needsLookup) {
      this.#connect(this.endpoint.target(), done)
      return
    }
    this.startWait('dns')
    this.endpoint.resolve((error) => {
      if (!this.#isAlive) return
      if (error !== null) return this.#lose(this.#failure(error))
      this.account(nowUs(), 0)
      this.#connect(this.endpoint.target(), done)
    })
  }

  /** Shakes hands over the open connection (STARTTLS). */
  secure(done: () => void): void {
    const plain = this.#socket
    if (plain === null) return
    const socket = connectTls({
      ...this.endpoint.tlsOptions(),
      ...this.endpoint.sessionOption(),
      socket: plain
    })
    socket.on('data', (chunk: Buffer) => this.#hear(chunk, chunk.length))
    this.#adopt(socket)
    this.#shakeHands(socket, done)
  }

  /**
   * Says something that is answered: starts a wait. The clock starts before the write, so that a thread which is
   * put aside in between never makes a wait look shorter than a round trip.
   */
  say(bytes: Buffer, phase: Phase, shown?: string): void {
    this.phase = phase
    this.result.bytesOut += bytes.length
    if (this.endpoint.options.trace !== undefined)
      this.#traceSaid(shown === undefined ? textLines(bytes) : [shown])
    this.saidUs = this.#progressUs = nowUs()
    this.#socket?.write(bytes)
    this.isWaiting = true
  }

  /** Says a payload up to its content's end, or with what goes behind it. */
  sayPayload(payload: Payload, phase: Phase, withBehind: boolean): void {
    const { tail, contentEnd } = payload
    const length = withBehind ? payload.length : contentEnd
    this.phase = phase
    this.result.bytesOut += length
    if (this.endpoint.options.trace !== undefined) this.#traceSaid(contentExcerpt(payload, withBehind))
    const socket = this.#socket
    this.saidUs = this.#progressUs = nowUs()
    if (tail === null) {
      socket?.write(withBehind ? payload.head : payload.headToContentEnd)
    } else if (socket !== null) {
      this.#unwritten = tail.subarray(0, length - payload.head.length)
      socket.cork()
      socket.write(payload.head)
      this.#writeOn(socket)
      socket.uncork()
    }
    this.isWaiting = true
  }

  /** Starts a wait for something that no command of its own asks for. */
  startWait(phase: Phase, sinceUs = nowUs()): void {
    this.phase = phase
    this.isWaiting = true
    this.saidUs = this.#progressUs = sinceUs
  }

  /** Ends a wait: adds it to its phase. */
  account(heardUs: number, turns: number): void {
    const waitedUs = Math.max(0, heardUs - this.saidUs)
    this.result.waited(this.phase, waitedUs, turns)
    this.endpoint.options.trace?.({ kind: 'waited', atUs: heardUs, phase: this.phase, waitedUs, turns })
  }

  /** Ends the wait of one command or group on the open connection: no round trip can be longer. */
  accountTurn(heardUs: number): void {
    const { stats } = this.endpoint
    const waitedUs = heardUs - this.saidUs
    if (waitedUs < stats.leastTurnUs) stats.leastTurnUs = waitedUs
    this.account(heardUs, 1)
  }

  /** Ends a wait that got no answer. */
  cutWait(): void {
    if (this.isWaiting) this.account(nowUs(), this.phase === 'dns' ? 0 : 1)
    this.isWaiting = false
  }

  /** From here on what is heard is kept back, until {@link listen}. */
  hold(): void {
    this.#held ??= []
  }

  listen(): void {
    const held = this.#held
    this.#held = null
    for (const chunk of held ?? []) this.#hear(chunk, chunk.length)
  }

  get isHolding(): boolean {
    return this.#held !== null
  }

  /** Says QUIT and lets go; what the peer says to it is not waited for. */
  leave(): void {
    if (!this.#isAlive || this.#isLeaving) return
    this.#isLeaving = true
    this.#uncount()
    this.phase = 'quit'
    this.saidUs = this.#progressUs = nowUs()
    if (this.endpoint.options.trace !== undefined) this.#traceSaid(['QUIT'])
    this.#socket?.write(QUIT)
  }

  /** Drops the connection without a word. */
  destroy(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#unwritten = null
    this.#uncount()
    if (this.#socket === null) this.#gone()
    else this.#socket.destroy()
  }

  /** Cuts a wait that has lasted too long. */
  sweep(now: number): void {
    if (!this.#isAlive) return
    const { timeoutMs, transport } = this.endpoint.options
    const waitedUs = now - this.#progressUs
    if (this.#isLeaving) {
      if (waitedUs > Math.min(LEAVING_LIMIT_US, timeoutMs * 1000)) this.destroy()
    } else if (this.isWaiting && this.#held === null && waitedUs > timeoutMs * 1000) {
      this.#lose(timeoutFailure(this.phase, timeoutMs, transport.security))
    }
  }

  #connect(target: Target, done: () => void): void {
    const { readBuffer, options, stats } = this.endpoint
    const connectOptions = {
      ...target,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length: number, buffer: Uint8Array) => {
          this.#hear(buffer, length)
          return true
        }
      }
    }
    this.startWait('tcp')
    const socket =
      options.transport.security === 'tls'
        ? connectTls({ ...this.endpoint.tlsOptions(), ...this.endpoint.sessionOption(), ...connectOptions })
        : connectTcp(connectOptions)
    this.#adopt(socket)
    socket.once('connect', () => {
      if (!this.#isAlive) return
      const now = nowUs()
      stats.leastConnectUs = Math.min(stats.leastConnectUs, now - this.saidUs)
      this.account(now, 1)
      this.endpoint.reached(socket)
      this.#count()
      options.trace?.({ kind: 'connected', atUs: now })
      if (socket instanceof TLSSocket) {
        this.#shakeHands(socket, (turns) => {
          this.greetingTurns = 2 - turns
          done()
        })
      } else done()
    })
  }

  #shakeHands(socket: TLSSocket, done: (turns: number) => void): void {
    this.startWait('tls')
    socket.on('session', (session) => this.endpoint.keepSession(session))
    socket.once('secureConnect', () => {
      if (!this.#isAlive) return
      const now = nowUs()
      const turns = handshakeTurns(socket)
      this.account(now, turns)
      const resumed = socket.isSessionReused()
      const [version, cipher] = [socket.getProtocol() ?? '', socket.getCipher().name]
      const verified = socket.authorized
      this.endpoint.observe({ tls: { version, cipher, resumed, verified } })
      this.endpoint.options.trace?.({ kind: 'tls', atUs: now, version, cipher, resumed })
      done(turns)
    })
  }

  #adopt(socket: Socket): void {
    this.#socket = socket
    // A plain socket below a TLS one has nothing more to tell: whatever happens to it, the upper one tells too.
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#lose(this.#failure(error))
    })
    socket.on('end', () => {
      if (this.#socket === socket) this.#lose(closedFailure(this.phase))
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#lose(closedFailure(this.phase))
      this.#gone()
    })
  }

  #gone(): void {
    this.endpoint.options.trace?.({ kind: 'closed', atUs: nowUs() })
    this.endpoint.unwatch(this)
  }

  #lose(failure: Failure): void {
    if (!this.#isAlive) return
    const wasLeaving = this.#isLeaving
    if (this.phase === 'tcp') this.endpoint.notReached()
    this.destroy()
    if (!wasLeaving) this.talker.onLost(failure)
  }

  #hear(bytes: Uint8Array, length: number): void {
    if (!this.#isAlive) return
    const heardUs = nowUs()
    if (this.isHolding) {
      this.#keep(bytes.slice(0, length))
      return
    }
    const parser = this.#parser
    let at = 0
    while (at < length) {
      const end = parser.next(bytes, at, length)
      if (end === INCOMPLETE) {
        if (!this.isWaiting && !this.#isLeaving) this.talker.onUnasked(0)
        return
      }
      if (end < 0) {
        this.#lose(this.#nonsense(end, bytes, at, length))
        return
      }
      at = end
      if (this.endpoint.options.trace !== undefined) this.#traceHeard(heardUs)
      if (this.#isLeaving) continue
      this.result.bytesIn += parser.length
      if (this.isWaiting) this.talker.onReply(parser, heardUs, at === length)
      else this.talker.onUnasked(parser.code)
      if (!this.#isAlive) return
      if (this.isHolding && at < length) {
        this.#keep(bytes.slice(at, length))
        return
      }
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#held?.push(bytes)
  }

  #nonsense(fault: number, bytes: Uint8Array, at: number, length: number): Failure {
    const heard = Buffer.from(bytes.subarray(at, length)).toString('latin1')
    const what = fault === TOO_LONG ? 'a reply without end' : 'something that is no SMTP reply'
    return failed(
      'PROTOCOL',
      this.phase,
      this.endpoint.mask(`the server sent ${what}: ${heard.split('\n')[0] ?? ''}`)
    )
  }

  #failure(error: NodeJS.ErrnoException): Failure {
    const failure = socketFailure(error, this.phase, this.endpoint.name)
    return { ...failure, sample: this.endpoint.mask(failure.sample) }
  }

  #writeOn(socket: Socket): void {
    while (this.#unwritten !== null) {
      const slice = this.#unwritten.subarray(0, SLICE_BYTES)
      const rest = this.#unwritten.subarray(SLICE_BYTES)
      this.#unwritten = rest.length === 0 ? null : rest
      if (!socket.write(slice) && this.#unwritten !== null) {
        socket.once('drain', () => {
          this.#progressUs = nowUs()
          if (this.#isAlive) this.#writeOn(socket)
        })
        return
      }
    }
  }

  #count(): void {
    if (this.number === 0) return
    const { stats } = this.endpoint
    this.#isCounted = true
    stats.opened++
    stats.open++
    stats.maxOpen = Math.max(stats.maxOpen, stats.open)
  }

  #uncount(): void {
    if (!this.#isCounted) return
    this.#isCounted = false
    this.endpoint.stats.open--
  }

  #traceSaid(lines: string[]): void {
    const atUs = nowUs()
    for (const line of lines) {
      this.endpoint.options.trace?.({ kind: 'sent', atUs, phase: this.phase, text: this.endpoint.mask(line) })
    }
  }

  #traceHeard(atUs: number): void {
    for (const line of this.#parser.lines()) {
      this.endpoint.options.trace?.({
        kind: 'heard',
        atUs,
        phase: this.phase,
        text: this.endpoint.mask(line)
      })
    }
  }
}
