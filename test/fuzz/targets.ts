import { AnswerParser } from '../../electron/transports/http/answer-parser.ts'
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
  parser.keep = true
  parser.reset()
  const note = (): void => {
    promise(parser.status >= 200 && parser.status <= 599, 'a whole answer has a final status')
    heard.push(JSON.stringify([parser.status, parser.reusable, parser.head, parser.bodyText]))
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

/** Reads the same bytes whole, in these pieces and one by one; throws unless all readings are the same. */
export function check(target: Target, bytes: Buffer, sizes: readonly number[]): Reading {
  const whole = target(bytes, [])
  promise(target(bytes, sizes) === whole, `the reading does not depend on the pieces (${sizes.join(', ')})`)
  promise(target(bytes, [1]) === whole, 'the reading does not depend on the pieces (single bytes)')
  return whole
}
