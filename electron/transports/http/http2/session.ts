import type { Socket } from 'node:net'
import { nowUs } from '../../clock.ts'
import { MAX_HEAD_BYTES } from '../answer-parser.ts'
import { AnswerAssembler, STREAM_WINDOW_BYTES } from './answers.ts'
import type { TcpWatch } from '../../connect/tcp-sight.ts'
import { ConnectionFault, errorCode, errorName, type ErrorName, StreamFault } from './faults.ts'
import { FrameReader, type OnFrame } from './frame-reader.ts'
import { checkFrame, protocolError } from './frame-rules.ts'
import {
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_WINDOW_BYTES,
  readUint31,
  readUint32,
  uint32,
  writeFrameHeader
} from './frames.ts'
import { Http2Sender } from './sender.ts'
import { SETTING, settingsPayload } from './settings.ts'
import type { Http2Stream, StreamUser } from './stream.ts'

/** Frames in a row that bring no answer forward: more is a flood. */
const MAX_IDLE_FRAMES = 1000
const SETTINGS = settingsPayload([
  [SETTING.headerTableSize, 0],
  [SETTING.enablePush, 0],
  [SETTING.initialWindowSize, STREAM_WINDOW_BYTES],
  [SETTING.maxHeaderListSize, MAX_HEAD_BYTES]
])

/** Who opens streams on a session. */
export interface SessionOwner {
  /**
   * It takes no more streams. Called once, unless the owner has retired it.
   * @param isGivenUp the peer has given the connection up, with a GOAWAY or between two sends
   */
  over(isGivenUp: boolean): void
  /** It is closed: nothing of it is left. */
  closed(): void
}

/**
 * The client's side of HTTP/2 (RFC 9113) on a connection that is open: requests that were encoded once, the frames of all
 * streams in one write, answers read from bytes.
 */
export class Http2Session {
  /** Number of the connection within its client. */
  readonly number: number
  /** What TCP does below it. */
  tcp: TcpWatch | null = null
  readonly #socket: Socket
  readonly #owner: SessionOwner
  readonly #sender: Http2Sender
  readonly #answers: AnswerAssembler
  readonly #reader: FrameReader
  #idleFrames = 0
  #heardSettings = false
  #isOver = false
  #isRetired = false
  #isClosed = false
  #goAway: { code: number; text: string } | null = null
  #isReading = false
  #flushIsDue = false
  /** Bytes of frames that belong to no stream. */
  #looseIn = 0

  constructor(socket: Socket, number: number, owner: SessionOwner) {
    this.number = number
    this.#socket = socket
    this.#owner = owner
    this.#reader = new FrameReader(this.#onFrame)
    this.#sender = new Http2Sender(socket, this.#flush)
    this.#sender.say(FRAME.settings, 0, 0, SETTINGS)
    this.#answers = new AnswerAssembler(this.#sender)
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? 'ERROR', error.message))
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#ended())
    this.#flushSoon()
  }

  /** No request is under way. */
  get isIdle(): boolean {
    return this.#sender.streams.size === 0
  }

  /** Streams that the peer takes at a time; Infinity as long as it has not said. */
  get maxConcurrentStreams(): number {
    return this.#heardSettings ? this.#sender.maxConcurrentStreams : Infinity
  }

  /** Sends a request as soon as the peer's limits let it. What comes of it its user hears, never from inside this call. */
  open(stream: Http2Stream): void {
    this.#sender.add(stream)
    this.#flushSoon()
  }

  /** Gives a request up. */
  cancel(stream: Http2Stream): void {
    if (this.#isClosed) return
    this.#guard(() => {
      if (this.#sender.streams.get(stream.id) === stream) this.#sender.reset(stream, 'CANCEL')
      else if (stream.id === 0) this.#sender.forget(stream)
      this.#closeWhenSpent()
    })
    this.#flushSoon()
  }

  /** Takes no new streams; the connection is closed politely once those that there are have ended. */
  retire(): void {
    this.#isOver = true
    this.#isRetired = true
    this.#guard(() => this.#closeWhenSpent())
    this.#flushSoon()
  }

  /** Reads what has come. */
  read(bytes: Buffer, length: number): void {
    if (this.#isClosed) return
    this.#answers.readUs = nowUs()
    this.#isReading = true
    this.#guard(() => {
      this.#reader.feed(bytes, length)
      this.#closeWhenSpent()
    })
    this.#isReading = false
    this.#flush()
  }

  /** Bytes of frames that belong to no stream, since this was asked last: each goes to the account of one send. */
  takeLooseBytes(): { out: number; in: number } {
    const taken = { out: this.#sender.looseBytes, in: this.#looseIn }
    this.#sender.looseBytes = 0
    this.#looseIn = 0
    return taken
  }

  /** Does something; a fault of the connection that shows by it ends the connection. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (fault) {
      if (!(fault instanceof ConnectionFault)) throw fault
      this.#die(fault)
    }
  }

  readonly #onFrame: OnFrame = (type, flags, id, bytes, from, to) => {
    if (this.#isClosed) return
    const stream = this.#sender.streams.get(id) ?? null
    const frameBytes = FRAME_HEADER_BYTES + to - from
    if (stream === null) this.#looseIn += frameBytes
    else stream.bytesIn += frameBytes
    if (++this.#idleFrames > MAX_IDLE_FRAMES) {
      throw new ConnectionFault('ENHANCE_YOUR_CALM', 'it floods the connection with frames that say nothing')
    }
    if (!this.#heardSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0)) {
      throw protocolError('it does not start like HTTP/2')
    }
    const { continuedId } = this.#answers
    if (continuedId !== 0 && (type !== FRAME.continuation || id !== continuedId)) {
      throw protocolError('headers are cut off by another frame')
    }
    try {
      checkFrame(type, flags, id, to - from)
      if (this.#take(type, flags, id, stream, bytes, from, to)) this.#idleFrames = 0
    } catch (fault) {
      if (!(fault instanceof StreamFault)) throw fault
      if (stream === null) return
      this.#sender.reset(stream, fault.errorName)
      stream.user.broken('PROTOCOL', fault.message)
    }
  }

  /** Takes in one frame; returns whether it brought an answer forward. */
  #take(
    type: number,
    flags: number,
    id: number,
    stream: Http2Stream | null,
    bytes: Buffer,
    from: number,
    to: number
  ): boolean {
    switch (type) {
      case FRAME.data:
        this.#checkOpen(id, stream)
        return this.#answers.data(stream, flags, bytes, from, to)
      case FRAME.headers:
        this.#checkOpen(id, stream)
        return this.#answers.headers(id, stream, flags, bytes, from, to)
      case FRAME.continuation:
        return this.#answers.continuation(stream, flags, bytes, from, to)
      case FRAME.resetStream:
        this.#checkKnown(id)
        if (stream !== null) this.#wasReset(stream, errorName(readUint32(bytes, from)))
        break
      case FRAME.settings:
        if ((flags & FLAG.ack) !== 0) break
        this.#sender.setPeer(bytes, from, to, !this.#heardSettings)
        this.#heardSettings = true
        break
      case FRAME.ping:
        if ((flags & FLAG.ack) === 0) this.#sender.say(FRAME.ping, FLAG.ack, 0, bytes.subarray(from, to))
        break
      case FRAME.goAway:
        this.#goesAway(
          readUint31(bytes, from),
          readUint32(bytes, from + 4),
          bytes.toString('latin1', from + 8, to)
        )
        break
      case FRAME.windowUpdate:
        this.#growWindow(id, stream, readUint31(bytes, from))
    }
    return false
  }

  /** A frame of a stream that was never opened is a fault of the whole connection (RFC 9113, section 5.1). */
  #checkKnown(id: number): void {
    if (id % 2 === 0 || id > this.#sender.lastSaidId) throw protocolError(`stream ${id} was never opened`)
  }

  #checkOpen(id: number, stream: Http2Stream | null): void {
    this.#checkKnown(id)
    if (stream === null && !this.#sender.hasGivenUp(id)) {
      throw new ConnectionFault('STREAM_CLOSED', `stream ${id} has ended before`)
    }
  }

  #wasReset(stream: Http2Stream, name: string): void {
    this.#sender.giveUp(stream)
    if (name === 'REFUSED_STREAM') stream.user.returned(name)
    else stream.user.broken(name, `the server reset the stream: ${name}`)
  }

  #goesAway(lastId: number, code: number, text: string): void {
    this.#goAway = { code, text }
    this.#setOver(true)
    for (const stream of [...this.#sender.streams.values()]) {
      if (stream.id <= lastId) continue
      this.#sender.giveUp(stream)
      stream.user.returned('GOAWAY')
    }
    this.#returnUnbegun()
  }

  #growWindow(id: number, stream: Http2Stream | null, increment: number): void {
    if (id !== 0) this.#checkKnown(id)
    if (increment === 0) {
      const message = 'a window grows by nothing'
      throw id === 0 ? protocolError(message) : new StreamFault('PROTOCOL_ERROR', message)
    }
    if (id === 0) this.#sender.growWindow(increment)
    if (stream === null) return
    stream.sendWindow += increment
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      throw new StreamFault('FLOW_CONTROL_ERROR', 'the window of the stream overflows')
    }
  }

  /** Writes at the end of what is being done now: what else is begun by then goes along. */
  #flushSoon(): void {
    if (this.#isReading || this.#flushIsDue) return
    this.#flushIsDue = true
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushIsDue = false
    if (this.#socket.destroyed) return
    if (!this.#isClosed) {
      if (this.#sender.fill()) this.#idleFrames = 0
      if (this.#sender.isOutOfIds) {
        this.#setOver(false)
        this.#returnUnbegun()
        this.#guard(() => this.#closeWhenSpent())
      }
    }
    this.#sender.write()
    if (this.#isClosed && this.#sender.outbox.isEmpty) this.#socket.destroySoon()
  }

  /** Hands back the requests that were never begun. */
  #returnUnbegun(): void {
    for (const stream of this.#sender.takeUnbegun()) stream.user.returned(null)
  }

  #setOver(isGivenUp: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.over(isGivenUp)
  }

  #closeWhenSpent(): void {
    if (!this.#isRetired || this.#isClosed || !this.#sender.isSpent) return
    this.#sender.say(FRAME.goAway, 0, 0, goAwayPayload('NO_ERROR'))
    this.#isClosed = true
    this.#owner.closed()
  }

  /** Ends a connection whose peer has broken the protocol. */
  #die({ errorName: name, message }: ConnectionFault): void {
    const payload = goAwayPayload(name)
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length)
    frame.set(payload, writeFrameHeader(frame, 0, payload.length, FRAME.goAway, 0, 0))
    this.#socket.write(frame)
    this.#end((user) => user.broken('PROTOCOL', message))
  }

  #lost(code: string, message: string): void {
    const reason = this.#goAway
    if (reason === null || reason.code === 0) this.#end((user) => user.lost(code, message))
    else {
      const name = errorName(reason.code)
      this.#end((user) =>
        user.broken(name, `the server closed the connection: ${name} ${reason.text}`.trim())
      )
    }
  }

  #ended(): void {
    const where = this.#reader.isMidFrame ? ' within a frame' : ''
    this.#lost('CONNECTION_CLOSED', `the server closed the connection${where}`)
  }

  /** Nothing more will come: every request ends here, or goes elsewhere. */
  #end(tell: (user: StreamUser) => void): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const open = this.#sender.takeOpen()
    this.#setOver(open.length === 0)
    this.#returnUnbegun()
    for (const { user } of open) tell(user)
    this.#owner.closed()
    this.#socket.destroy()
  }
}

/** This side has no streams of the peer to tell of. */
function goAwayPayload(name: ErrorName): Buffer {
  return Buffer.concat([uint32(0), uint32(errorCode(name))])
}
