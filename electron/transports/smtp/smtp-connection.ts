import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Phase } from '../../../shared/record/words.ts'
import { nowUs } from '../clock.ts'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import { closedFailure, failed, type Failure, sendTimeoutFailure, socketFailure } from '../connect/failure.ts'
import type { Timed } from '../connect/sweeper.ts'
import type { SendResult } from '../send-result.ts'
import { SliceWriter } from '../slice-writer.ts'
import { QUIT } from './commands.ts'
import { NO_EXTENSIONS, type Extensions } from './extensions.ts'
import { replyTimeoutFailure } from './failure.ts'
import type { Payload } from './payload.ts'
import { INCOMPLETE, oddLine, ReplyParser, TOO_LONG } from './reply-parser.ts'
import type { SmtpContext } from './smtp-context.ts'
import { textLines } from '../told-lines.ts'

/** A peer that was told QUIT may take this long to hang up. */
const LEAVING_LIMIT_US = 5_000_000

const NOTHING = new Uint8Array(0)

/** Who talks over a connection. */
export interface Talker {
  /**
   * A complete reply, valid until this returns.
   * @param isLast nothing was heard behind it yet
   */
  onReply(reply: ReplyParser, heardUs: number, isLast: boolean): void
  /** The peer said something that nobody had asked for; null before it is whole. */
  onUnasked(reply: ReplyParser | null): void
  /** The connection is gone; called once, never after {@link SmtpConnection.destroy} or {@link SmtpConnection.leave}. */
  onLost(failure: Failure): void
}

/** One SMTP connection: what is said and heard on it, and the clock of its waits. Knows no commands but QUIT. */
export class SmtpConnection implements ConnectionListener, Timed {
  readonly context: SmtpContext
  /** The send that waits and bytes belong to. */
  readonly result: SendResult
  talker: Talker
  /** Names what is going on, for waits, timeouts and transcript. */
  phase: Phase = 'dns'
  /** A reply is due. */
  isWaiting = true
  /** When the wait began. */
  saidUs: number
  extensions: Extensions = NO_EXTENSIONS
  /** Messages that it has carried. */
  messages = 0
  /** How long a wait may last in place of the plan's time; null for that one. */
  patienceUs: number | null = null
  readonly #isCounted: boolean
  /** Bytes of what was said last. */
  #saidBytes = 0
  #progressUs: number
  #connection: Connection | null = null
  #done: () => void = () => undefined
  #socket: Socket | null = null
  readonly #parser = new ReplyParser()
  /** What stands behind the reply that is being told of. */
  #behind: Uint8Array = NOTHING
  #isAlive = true
  #isLeaving = false
  /** What was heard while nobody was ready to hear it. */
  #held: Uint8Array[] | null = null
  readonly #writer = new SliceWriter(() => (this.#progressUs = nowUs()))

  /** @param isCounted false for one that is no part of the load (preflight) */
  constructor(context: SmtpContext, result: SendResult, talker: Talker, isCounted: boolean) {
    this.context = context
    this.result = result
    this.talker = talker
    this.#isCounted = isCounted
    this.saidUs = nowUs()
    this.#progressUs = this.saidUs
    context.connector.sweeper.add(this)
  }

  /** Number within its client, from 1; 0 until it is open, and when it is not counted. */
  get number(): number {
    return this.#connection?.number ?? 0
  }

  /** What the greeting costs: nothing when it came along with the last flight of a full TLS 1.2 handshake. */
  get greetingTurns(): number {
    return this.#connection?.tlsTurns === 2 ? 0 : 1
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** IP address of this side; undefined before it is connected. */
  get localAddress(): string | undefined {
    return this.#socket?.localAddress
  }

  /** Bytes of a payload that have not been handed to the socket. */
  get unwrittenBytes(): number {
    return this.#writer.unwrittenBytes
  }

  /** Nothing that was said lies in this process any more, where a change of its bytes would change what is sent. */
  get isFlushed(): boolean {
    if (this.#writer.unwrittenBytes > 0) return false
    // TLS copies what it encrypts, and calls a write done only at the end of the event loop's turn, when the reply may
    // have been heard already.
    return this.#socket instanceof TLSSocket || this.#socket?.writableLength === 0
  }

  /** Resolves, connects and (with implicit TLS) shakes hands, with all its waits; `done` only when that worked. */
  open(done: () => void): void {
    const { connector } = this.context
    this.#done = done
    const onread = {
      buffer: connector.readBuffer,
      callback: (length: number, buffer: Uint8Array) => {
        this.#hear(buffer, length)
        return true
      }
    }
    this.#connection = this.#isCounted ? connector.open(this, onread) : connector.openUncounted(this, onread)
  }

  /** Shakes hands over the open connection (STARTTLS). */
  secure(done: () => void): void {
    this.#done = done
    this.#connection?.secure(this)
  }

  entered(phase: Phase, sinceUs: number): void {
    this.startWait(phase, sinceUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.result.waited(phase, untilUs - fromUs, turns)
    this.result.conversation?.waited(phase, untilUs, untilUs - fromUs, turns)
    this.isWaiting = false
  }

  opened(socket: Socket): void {
    // Reads of a TLS socket over another go past the read buffer.
    if (this.#socket !== null) socket.on('data', (chunk: Buffer) => this.#hear(chunk, chunk.length))
    this.#adopt(socket)
    this.result.connection = this.number
    this.#done()
  }

  failed(failure: Failure): void {
    this.#lose({ ...failure, sample: this.context.mask(failure.sample) })
  }

  /**
   * Says something that is answered: starts a wait. The clock starts before the write, so that a thread which is
   * put aside in between never makes a wait look shorter than a round trip.
   */
  say(bytes: Buffer, phase: Phase, shown?: string): void {
    this.phase = phase
    this.result.bytesOut += bytes.length
    if (this.context.options.trace !== undefined)
      this.#traceSaid(shown === undefined ? textLines(bytes) : [shown])
    this.#saidBytes = bytes.length
    this.saidUs = this.#progressUs = nowUs()
    this.result.conversation?.said(phase, this.saidUs, shown ?? bytes)
    this.#socket?.write(bytes)
    this.isWaiting = true
  }

  /** Says a payload up to its content's end, or with what goes behind it. */
  sayPayload(payload: Payload, phase: Phase, withBehind: boolean): void {
    const length = withBehind ? payload.length : payload.contentEnd
    this.phase = phase
    this.result.bytesOut += length
    if (this.context.options.trace !== undefined) this.#traceSaid(payload.told(withBehind))
    this.#saidBytes = length
    this.saidUs = this.#progressUs = nowUs()
    this.result.conversation?.said(phase, this.saidUs, payload, length, withBehind)
    if (this.#socket !== null)
      this.#writer.write(this.#socket, withBehind ? payload.pieces : payload.piecesToContentEnd)
    this.isWaiting = true
  }

  /** Starts a wait for something that no command of its own asks for. */
  startWait(phase: Phase, sinceUs = nowUs()): void {
    this.phase = phase
    this.isWaiting = true
    this.#saidBytes = 0
    this.saidUs = this.#progressUs = sinceUs
  }

  /** Ends a wait: adds it to its phase. */
  account(heardUs: number, turns: number): void {
    const waitedUs = Math.max(0, heardUs - this.saidUs)
    this.result.waited(this.phase, waitedUs, turns)
    this.result.conversation?.waited(this.phase, heardUs, waitedUs, turns)
    const tcp = this.#connection?.tcp
    tcp?.waited(this.result, this.saidUs, heardUs, this.#saidBytes)
    tcp?.answered(this.result, this.phase, this.saidUs, heardUs)
    this.context.options.trace?.({ kind: 'waited', atUs: heardUs, phase: this.phase, waitedUs, turns })
  }

  /** Ends the wait of one command or group on the open connection: no round trip can be longer. */
  accountTurn(heardUs: number): void {
    const { stats } = this.context.connector
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

  /** The first line behind the reply that is being told of, in words; to be asked for while it is. */
  get unasked(): string {
    const [line = ''] = Buffer.from(this.#behind).toString('latin1').split(/\r?\n/)
    return this.context.mask(line === '' ? 'an empty line' : line)
  }

  get isHolding(): boolean {
    return this.#held !== null
  }

  /** Says QUIT and lets go; what the peer says to it is not waited for. */
  leave(): void {
    if (!this.#isAlive || this.#isLeaving) return
    this.#isLeaving = true
    this.#connection?.release(false)
    this.phase = 'quit'
    this.saidUs = this.#progressUs = nowUs()
    if (this.context.options.trace !== undefined) this.#traceSaid(['QUIT'])
    this.#socket?.write(QUIT)
  }

  /** Drops the connection without a word. */
  destroy(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#writer.drop()
    this.context.connector.sweeper.delete(this)
    this.#connection?.destroy()
  }

  /** Cuts a wait, or a send, that has lasted too long. */
  sweep(now: number): void {
    const { timeoutMs, sendTimeoutMs = null, transport } = this.context.options
    const waitedUs = now - this.#progressUs
    if (this.#isLeaving) {
      if (waitedUs > Math.min(LEAVING_LIMIT_US, timeoutMs * 1000)) this.destroy()
    } else if (!this.isWaiting || this.isHolding) return
    else if (sendTimeoutMs !== null && now - this.result.startedUs > sendTimeoutMs * 1000) {
      this.#lose(sendTimeoutFailure(this.phase, sendTimeoutMs))
    } else if (waitedUs > (this.patienceUs ?? timeoutMs * 1000)) {
      this.#lose(replyTimeoutFailure(this.phase, timeoutMs, transport.security))
    }
  }

  #adopt(socket: Socket): void {
    this.#socket = socket
    // A plain socket below a TLS one has nothing more to tell: whatever happens to it, the upper one tells too.
    socket.on('error', (error) => {
      if (this.#socket === socket) this.failed(socketFailure(error, this.phase, this.context.name))
    })
    const lost = (): void => {
      if (this.#socket === socket) this.#lose(closedFailure(this.phase))
    }
    socket.on('end', () => {
      if (this.#socket === socket) this.#hearLast()
      lost()
    })
    socket.on('close', () => {
      lost()
      if (this.#socket !== socket) return
      this.context.connector.sweeper.delete(this)
      // The dead socket's reads still lead here, and would keep alive what this holds.
      this.#connection = null
      this.#socket = null
    })
  }

  #lose(failure: Failure): void {
    if (!this.#isAlive) return
    const wasLeaving = this.#isLeaving
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
      if (!this.#isLeaving)
        this.result.conversation?.heard(this.phase, heardUs, bytes, at, end < 0 ? length : end)
      if (end === INCOMPLETE) {
        this.#progressUs = heardUs
        if (!this.isWaiting && !this.#isLeaving) this.talker.onUnasked(null)
        else this.#connection?.tcp?.partHeard(heardUs, this.context.connector.hurries)
        return
      }
      if (end < 0) {
        this.#lose(this.#nonsense(end, bytes, at, length))
        return
      }
      at = end
      if (this.context.options.trace !== undefined) this.#traceHeard(heardUs)
      if (this.#isLeaving) continue
      this.result.bytesIn += parser.length
      this.#behind = at < length ? bytes.subarray(at, length) : NOTHING
      if (this.isWaiting) this.talker.onReply(parser, heardUs, at === length)
      else this.talker.onUnasked(parser)
      if (!this.#isAlive) return
      if (this.isHolding && at < length) {
        this.#keep(bytes.slice(at, length))
        return
      }
    }
  }

  /** The peer has ended: what it said last may be a reply all the same, though its line has no end. */
  #hearLast(): void {
    if (!this.#isAlive || this.isHolding || this.#isLeaving || !this.isWaiting) return
    if (!this.#parser.finish()) return
    const heardUs = nowUs()
    if (this.context.options.trace !== undefined) this.#traceHeard(heardUs)
    this.result.bytesIn += this.#parser.length
    this.talker.onReply(this.#parser, heardUs, true)
  }

  #keep(bytes: Uint8Array): void {
    this.#held?.push(bytes)
  }

  #nonsense(fault: number, bytes: Uint8Array, at: number, length: number): Failure {
    const heard = Buffer.from(bytes.subarray(at, length)).toString('latin1')
    const what =
      fault === TOO_LONG
        ? `a reply without end: ${heard.split('\n')[0] ?? ''}`
        : `something that is no SMTP reply: ${oddLine(heard)}`
    return failed('PROTOCOL', this.phase, this.context.mask(`the server sent ${what}`))
  }

  #traceSaid(lines: string[]): void {
    const atUs = nowUs()
    for (const line of lines) {
      this.context.options.trace?.({ kind: 'sent', atUs, phase: this.phase, text: this.context.mask(line) })
    }
  }

  #traceHeard(atUs: number): void {
    for (const line of this.#parser.lines()) {
      this.context.options.trace?.({
        kind: 'heard',
        atUs,
        phase: this.phase,
        text: this.context.mask(line)
      })
    }
  }
}
