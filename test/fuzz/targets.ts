import { Socket } from 'node:net'
import { AnswerParser } from '../../electron/transports/http/answer-parser.ts'
import { Http2Session } from '../../electron/transports/http/http2/session.ts'
import { Http2Stream } from '../../electron/transports/http/http2/stream.ts'
import { ReplyParser } from '../../electron/transports/smtp/reply-parser.ts'

/** What a parser made of its input, in a form that two ways of feeding it can be compared by. */
export type Reading = string

/** Reads bytes in pieces; throws when the parser breaks a promise that holds for any input. */
export type Target = (bytes: Buffer, sizes: readonly number[]) => Reading

/** Pieces of the given sizes, in turn, each a buffer of its own; the last size takes what is left. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length)
    cut.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return cut
}

function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`)
}

/** SMTP replies up to the first fault. */
export function readReplies(bytes: Buffer, sizes: readonly number[]): Reading {
  const parser = new ReplyParser()
  const heard: string[] = []
  for (const piece of pieces(bytes, sizes)) {
    let at = 0
    while (at < piece.length) {
      const end = parser.next(piece, at, piece.length)
      promise(Number.isInteger(end) && (end < 0 || (end > at && end <= piece.length)), 'the reader moves on')
      if (end === -1) break
      if (end < 0) return [...heard, `fault ${end}`].join('\n')
      const lines = parser.lines()
      promise(parser.code >= 200 && parser.code <= 599, 'codes are from 200 to 599')
      promise(lines.at(-1) === parser.lastLine(), 'the last line is the last of the lines')
      promise(
        lines.every((line) => line.startsWith(String(parser.code))),
        'every line has the code'
      )
      promise(parser.status().startsWith(String(parser.code)), 'the status starts with the code')
      heard.push(JSON.stringify([parser.status(), lines]))
      at = end
    }
  }
  return [...heard, parser.isMidReply ? 'unfinished' : 'silent'].join('\n')
}

/** HTTP answers up to the first fault, the close at the end included. */
export function readAnswers(bytes: Buffer, sizes: readonly number[]): Reading {
  const parser = new AnswerParser()
  const heard: string[] = []
  parser.reset()
  const note = (): void => {
    promise(parser.status >= 200 && parser.status <= 999, 'a whole answer has a final status')
    heard.push(JSON.stringify([parser.status, parser.reusable, parser.head, parser.body.toString()]))
    parser.reset()
  }
  for (const piece of pieces(bytes, sizes)) {
    let at = 0
    while (at < piece.length) {
      const rest = piece.subarray(at)
      const used = parser.feed(rest, rest.length)
      if (parser.fault !== null) return [...heard, 'fault'].join('\n')
      promise(used > 0 && used <= rest.length, 'the reader moves on')
      promise(parser.done || used === rest.length, 'bytes are left only behind a whole answer')
      at += used
      if (parser.done) note()
    }
  }
  parser.end()
  if (parser.done) note()
  return heard.join('\n')
}

/** A socket that is connected to nothing, and where nothing leaves: only what is read matters. */
class DeafSocket extends Socket {
  override write(): boolean {
    return true
  }
}

/** Answers to three requests over HTTP/2, up to the first fault of the connection. */
export function readHttp2(bytes: Buffer, sizes: readonly number[]): Reading {
  const heard: string[] = []
  const note = (...what: unknown[]): void => {
    heard.push(JSON.stringify(what))
  }
  const socket = new DeafSocket()
  const session = new Http2Session(socket, 1, { over: () => note('over'), closed: () => note('closed') })
  for (const id of [1, 3, 5]) {
    let ended = false
    const end = (...what: unknown[]): void => {
      promise(!ended, 'a request ends once')
      ended = true
      note(id, ...what)
    }
    const stream = new Http2Stream({
      sent: () => undefined,
      headed: () => note(id, stream.head?.status, stream.head?.fields),
      answered: () => {
        promise((stream.head?.status ?? 0) >= 200, 'a whole answer has a final status')
        end('answered', stream.answerBody.toString('latin1'))
      },
      returned: (reason) => end('returned', reason),
      moved: () => undefined,
      broken: (code, message) => end(code, message),
      lost: (code) => end(code)
    })
    stream.prepare(Buffer.from([0x83]), { bytes: Buffer.from('{}'), seqOffsets: [] }, 0)
    session.open(stream)
  }
  // What was opened leaves with the first read, even of nothing.
  session.read(bytes, 0)
  for (const piece of pieces(bytes, sizes)) session.read(piece, piece.length)
  socket.destroy()
  return heard.join('\n')
}

/** Reads the same bytes whole, in these pieces and one by one; throws unless all readings are the same. */
export function check(target: Target, bytes: Buffer, sizes: readonly number[]): Reading {
  const whole = target(bytes, [])
  promise(target(bytes, sizes) === whole, `the reading does not depend on the pieces (${sizes.join(', ')})`)
  promise(target(bytes, [1]) === whole, 'the reading does not depend on the pieces (single bytes)')
  return whole
}
