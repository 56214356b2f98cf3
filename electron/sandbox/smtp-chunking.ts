import { SMTPConnection, SMTPStream } from '../smtp-server.ts'

/** Takes the octets of a BDAT command. */
interface ChunkSink {
  /** Called for each piece as it comes from the socket. */
  take(piece: Buffer): void
  /** Called after the last octet; `resume` lets the parser go on with what follows. */
  end(resume: () => void): void
}

/** The library's parser with a second data mode, which ends after a number of octets rather than at a dot. */
class ChunkStream extends SMTPStream {
  #left = 0
  #sink: ChunkSink | null = null

  /** Sends the next `octets` of input to `sink`, untouched. */
  startChunk(octets: number, sink: ChunkSink): void {
    this.#left = octets
    this.#sink = sink
    this._dataMode = true
  }

  override _feedDataStream(data: Buffer, done: (error?: Error | null) => void): void {
    const sink = this.#sink
    if (sink === null) {
      super._feedDataStream(data, done)
      return
    }
    const piece = data.length > this.#left ? data.subarray(0, this.#left) : data
    this.#left -= piece.length
    sink.take(piece)
    if (this.#left > 0) {
      done()
      return
    }
    this.#sink = null
    this._dataMode = false
    sink.end(() => this._write(data.subarray(piece.length), 'buffer', done))
  }
}

/** What a connection does with a message that came in BDAT chunks. */
export interface ChunkedMessage {
  take(piece: Buffer): void
  /** Called after the last chunk; the reply's code and text go back through `answer`. */
  finish(answer: (code: number, text: string) => void): void
}

/**
 * The library's connection with CHUNKING (RFC 3030), which it lacks: `BDAT n [LAST]`, one reply for each
 * chunk, no dot-stuffing. Chunks of a refused transaction are swallowed, since a pipelining client has
 * sent them already. Its command table is its methods named `handler_*`, so BDAT is one more of those.
 */
export abstract class ChunkingConnection extends SMTPConnection {
  #message: ChunkedMessage | null = null
  /** Octets of the transaction's chunks so far. */
  #octets = 0
  /** Set when a chunk was refused: all further ones are, until RSET (RFC 3030, section 2). */
  #refused = false

  /** Begins a message of the current transaction. */
  abstract openMessage(): ChunkedMessage
  /** Lets the reply to a chunk that is not the last one leave. */
  abstract beforeReply(reply: () => void): void

  override _createParser(): SMTPStream {
    // What the base class does, with the other parser.
    const parser = new ChunkStream({ maxCommandLength: this._server.options.maxCommandLength })
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on('error', (error) => this.send(421, `Error: ${error.message}`))
    return parser
  }

  override _resetSession(): void {
    super._resetSession()
    this.#message = null
    this.#octets = 0
    this.#refused = false
  }

  /** Mixing DATA into a BDAT transaction is an error (RFC 3030, section 3). */
  override handler_DATA(command: Buffer, callback: () => void): void {
    if (this.#message !== null || this.#refused) {
      this.send(503, 'Error: DATA cannot follow BDAT')
      callback()
      return
    }
    super.handler_DATA(command, callback)
  }

  handler_BDAT(command: Buffer, callback: () => void): void {
    const match = /^BDAT (\d{1,10})( LAST)?\s*$/i.exec(command.toString('latin1'))
    const parser = this._parser
    if (match === null || !(parser instanceof ChunkStream)) {
      this.send(501, 'Error: syntax: BDAT octets [LAST]')
      callback()
      return
    }
    const octets = Number(match[1])
    const last = match[2] !== undefined
    this.#octets += octets
    const refusal = this.#refusal()
    if (refusal === null) this.#message ??= this.openMessage()
    else this.#refused = true
    const message = refusal === null ? this.#message : null
    const end = (resume: () => void): void => {
      const answer = (code: number, text: string): void => {
        this.send(code, text, code === 250 && last ? 'DATA_OK' : undefined)
        if (last) this._resetSession()
        resume()
      }
      if (message !== null && last) message.finish(answer)
      else
        this.beforeReply(() =>
          refusal === null ? answer(250, `${octets} octets received`) : answer(...refusal)
        )
    }
    if (octets === 0) {
      end(callback)
      return
    }
    parser.startChunk(octets, { take: (piece) => message?.take(piece), end })
    callback()
  }

  #refusal(): [code: number, text: string] | null {
    if (this.session.envelope.rcptTo.length === 0) return [503, 'Error: need RCPT command']
    if (this.#refused) return [503, 'Error: an earlier chunk was refused']
    const limit = this._server.options.size ?? Infinity
    return this.#octets > limit ? [552, `Error: message exceeds fixed maximum message size ${limit}`] : null
  }
}
