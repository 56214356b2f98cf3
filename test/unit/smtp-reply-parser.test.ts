import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  INCOMPLETE,
  MALFORMED,
  MAX_REPLY_BYTES,
  MAX_REPLY_LINES,
  ReplyParser,
  TOO_LONG
} from '../../electron/transports/smtp/reply-parser.ts'

interface Heard {
  code: number
  status: string
  lines: string[]
}

/** Feeds chunks and gives every reply; a fault ends it. */
function parse(chunks: Uint8Array[]): { heard: Heard[]; fault: number | null; isMidReply: boolean } {
  const parser = new ReplyParser()
  const heard: Heard[] = []
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const end = parser.next(chunk, at, chunk.length)
      if (end === INCOMPLETE) break
      if (end < 0) return { heard, fault: end, isMidReply: parser.isMidReply }
      expect(parser.lines().at(-1)).toBe(parser.lastLine())
      heard.push({ code: parser.code, status: parser.status(), lines: parser.lines() })
      at = end
    }
  }
  return { heard, fault: null, isMidReply: parser.isMidReply }
}

const SESSION = [
  '220 mail.example ESMTP\r\n',
  '250-mail.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n',
  '235 2.7.0 Grüße\r\n',
  '250\r\n',
  '450 4.2.1 try later\r\n',
  '354 End data with <CR><LF>.<CR><LF>\r\n',
  '250 2.0.0 Ok: queued as 1\n'
]
const EXPECTED: Heard[] = [
  { code: 220, status: '220', lines: ['220 mail.example ESMTP'] },
  { code: 250, status: '250', lines: ['250-mail.example', '250-PIPELINING', '250 SIZE 1000'] },
  { code: 235, status: '235 2.7.0', lines: ['235 2.7.0 Grüße'] },
  { code: 250, status: '250', lines: ['250'] },
  { code: 450, status: '450 4.2.1', lines: ['450 4.2.1 try later'] },
  { code: 354, status: '354', lines: ['354 End data with <CR><LF>.<CR><LF>'] },
  { code: 250, status: '250 2.0.0', lines: ['250 2.0.0 Ok: queued as 1'] }
]

describe('SMTP replies', () => {
  const bytes = Buffer.from(SESSION.join(''))

  test('many in one chunk', () => {
    expect(parse([bytes])).toEqual({ heard: EXPECTED, fault: null, isMidReply: false })
  })

  test('split at every byte', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)]).heard).toEqual(EXPECTED)
    }
  })

  test('cut into any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
        const chunks: Uint8Array[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(parse(chunks).heard).toEqual(EXPECTED)
      })
    )
  })

  test('whatever comes, it ends in replies, an unfinished one, or a fault', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
        const { heard } = parse(chunks)
        for (const { code } of heard) expect(code >= 200 && code <= 599).toBe(true)
      })
    )
  })

  test.each([
    ['letters', 'HTTP/1.1 400\r\n'],
    ['a code below 200', '150 hm\r\n'],
    ['a code above 599', '650 hm\r\n'],
    ['two digits', '25\r\n'],
    ['an empty line', '\r\n'],
    ['a code that runs into its text', '250ok\r\n'],
    ['codes that differ within a reply', '250-a\r\n251 b\r\n'],
    ['codes that differ within a long reply', '250-a\r\n251-b\r\n250 c\r\n']
  ])('%s is no reply', (_name, text) => {
    expect(parse([Buffer.from(text)]).fault).toBe(MALFORMED)
  })

  test('a line without end is given up', () => {
    const chunks = Array.from({ length: 100 }, () => Buffer.from('2'.padEnd(1000, '5')))
    chunks[0] = Buffer.from('250 '.padEnd(1000, 'x'))
    const { fault, heard } = parse(chunks)
    expect([fault, heard]).toEqual([TOO_LONG, []])
    expect(MAX_REPLY_BYTES).toBeLessThan(100_000)
  })

  test('a reply without last line is given up', () => {
    const chunks = Array.from({ length: MAX_REPLY_LINES }, () => Buffer.from('250-x\r\n'))
    expect(parse(chunks).fault).toBe(TOO_LONG)
  })

  test.each([
    ['250 2.0.0 Ok', '250 2.0.0'],
    ['554 5.7.123 No', '554 5.7.123'],
    ['554 5.7.1234 No', '554'],
    ['250 2.0', '250'],
    ['250 2.0.0', '250 2.0.0'],
    ['250 ', '250'],
    ['250 2..0 x', '250']
  ])('status of %j is %j', (line, status) => {
    expect(parse([Buffer.from(`${line}\r\n`)]).heard[0]?.status).toBe(status)
  })
})
