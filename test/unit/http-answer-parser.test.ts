import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerParser, MAX_HEAD_BYTES } from '../../electron/transports/http/answer-parser.ts'

interface Parsed {
  status: number
  body: string
  reusable: boolean
  fault: string | null
  done: boolean
  /** Bytes behind the answer. */
  rest: number
}

/** Parses bytes that come in pieces of the given lengths, the last one repeated. */
function parse(bytes: Buffer, pieces: readonly number[] = [bytes.length], ended = false): Parsed {
  const parser = new AnswerParser()
  parser.reset()
  let at = 0
  let used = 0
  for (let index = 0; at < bytes.length; index++) {
    const piece = bytes.subarray(at, at + (pieces[index] ?? pieces.at(-1) ?? 1))
    used += parser.feed(piece, piece.length)
    at += piece.length
  }
  if (ended) parser.end()
  const { status, reusable, fault, done, body } = parser
  return { status, reusable, fault, done, body: body.toString(), rest: bytes.length - used }
}

const GOOD = [
  {
    says: 'Content-Length',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    is: { status: 200, body: 'hello', reusable: true }
  },
  {
    says: 'no body at all',
    text: 'HTTP/1.1 202 Accepted\r\ncontent-length:0\r\n\r\n',
    is: { status: 202, body: '', reusable: true }
  },
  {
    says: 'a 204, which has no body whatever its headers say',
    text: 'HTTP/1.1 204 No Content\r\n\r\n',
    is: { status: 204, body: '', reusable: true }
  },
  {
    says: 'a 204 that names a length and sends nothing',
    text: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    is: { status: 204, body: '', reusable: true }
  },
  {
    says: 'a 304 that names the coding it would have had',
    text: 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
    is: { status: 304, body: '', reusable: true }
  },
  {
    says: 'chunks with extension and trailers',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n1 \r\n!\r\nA\r\n0123456789\r\n0\r\nX-End: 1\r\n\r\n',
    is: { status: 200, body: 'hello!0123456789', reusable: true }
  },
  {
    says: 'interim answers before the final one',
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno',
    is: { status: 400, body: 'no', reusable: true }
  },
  {
    says: 'Connection: close',
    text: 'HTTP/1.1 429 Slow\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 429, body: 'x', reusable: false }
  },
  {
    says: 'Connection: close in one line and keep-alive in the next',
    text: 'HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: false }
  },
  {
    says: 'HTTP/1.0, keep-alive and chunks, which HTTP/1.0 does not know',
    text: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    is: { status: 200, body: 'x', reusable: false }
  },
  {
    says: 'HTTP/1.0, which closes by default',
    text: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: false }
  },
  {
    says: 'HTTP/1.0 with keep-alive',
    text: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'line ends without CR, which RFC 9112 lets a reader accept',
    text: 'HTTP/1.1 200 OK\nContent-Length: 1\n\nx',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'no reason phrase',
    text: 'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'the same Content-Length twice',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'the same Content-Length twice in one line',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'a header that goes on in the next line',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    is: { status: 200, body: 'x', reusable: true }
  },
  {
    says: 'a status beyond 599, which RFC 9110 takes for a fault of the server',
    text: 'HTTP/1.1 999 Hm\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 999, body: 'x', reusable: true }
  },
  {
    says: 'headers whose names only begin like those that matter',
    text: 'HTTP/1.1 200 OK\r\nContent-Lengthy: 9\r\nConnections: close\r\nTransfer-Encodings: zip\r\nContent-Length: 1\r\n\r\nx',
    is: { status: 200, body: 'x', reusable: true }
  }
]

const BAD = [
  ['no HTTP at all', '220 mail.example.com ESMTP\r\n\r\n', /does not start like HTTP/],
  ['another major version', 'HTTP/2.0 200 OK\r\n\r\n', /does not start like HTTP/],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', /does not start like HTTP/],
  ['a status that comes to 200 and is none', 'HTTP/1.1 1:0 OK\r\n\r\n', /does not start like HTTP/],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n', /Content-Length/],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n', /Content-Length/],
  [
    'two different lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    /Content-Length/
  ],
  ['two different lengths in one line', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n', /Content-Length/],
  ['a length and nothing', 'HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\n', /Content-Length/],
  ['a length of 99 digits', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(99)}\r\n\r\n`, /Content-Length/],
  ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /both/],
  [
    'an unknown transfer coding',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    /transfer coding/
  ],
  ['a body beyond all measure', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n', /longer than/],
  [
    'a chunk size that is no number',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    /no number/
  ],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n', /no size/],
  [
    'a chunk longer than it says',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n',
    /longer than/
  ],
  [
    'a chunk of gigabytes',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n',
    /longer than/
  ],
  [
    'an endless chunk extension',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(9000)}`,
    /no end/
  ],
  ['a switch of protocols', 'HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n', /101/],
  ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(MAX_HEAD_BYTES)}`, /headers are longer/],
  [
    'trailers without end',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(MAX_HEAD_BYTES)}`,
    /headers are longer/
  ],
  ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(4000), /headers are longer/]
] as const

describe('an answer', () => {
  it.each(GOOD)('with $says is read', ({ text, is }) => {
    expect(parse(Buffer.from(text))).toMatchObject({ ...is, fault: null, done: true, rest: 0 })
  })

  it.each(GOOD)('with $says is read alike when it is cut at any byte', ({ text, is }) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(parse(bytes, [cut, bytes.length]), `cut at ${cut}`).toMatchObject({
        ...is,
        fault: null,
        done: true
      })
    }
    expect(parse(bytes, [1])).toMatchObject({ ...is, fault: null, done: true })
  })

  it.each(BAD)('with %s is a fault, however it is cut', (_, text, fault) => {
    const bytes = Buffer.from(text)
    for (const piece of [bytes.length, 1, 7, 4096]) {
      const found = parse(bytes, [piece])
      expect(found.fault, `in pieces of ${piece}`).toMatch(fault)
      expect(found.done).toBe(false)
    }
  })

  it('without a length lasts until the close, and its connection is of no more use', () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello')
    expect(parse(bytes)).toMatchObject({ done: false, fault: null })
    expect(parse(bytes, [1], true)).toMatchObject({ done: true, body: 'hello', reusable: false })
  })

  it('that the close cuts short of its length is not done', () => {
    expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel'), [4], true).done).toBe(false)
  })

  it('leaves bytes that nobody asked for', () => {
    expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 '))).toMatchObject({
      done: true,
      rest: 13
    })
  })

  it('is read anew after a reset, whatever came before', () => {
    const parser = new AnswerParser()
    for (const status of [429, 200, 503]) {
      parser.reset()
      const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: 3\r\n\r\n${status}`)
      parser.feed(bytes, bytes.length)
      expect([parser.status, parser.done, parser.body.toString()]).toEqual([status, true, `${status}`])
    }
  })
})

describe('any bytes', () => {
  it('end in an answer, a fault or waiting, the same way however they are cut', () => {
    const nearly = fc.constantFrom(
      ...GOOD.map(({ text }) => Buffer.from(text)),
      ...BAD.map(([, text]) => Buffer.from(text.slice(0, 300)))
    )
    const mangled = fc.tuple(nearly, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, byte]) => {
      const copy = Buffer.from(bytes)
      copy[at % copy.length] = byte
      return copy
    })
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        fc.oneof(
          mangled,
          fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
        ),
        cuts,
        (bytes, pieces) => {
          const whole = parse(bytes)
          const cut = parse(bytes, pieces)
          expect(cut.fault === null).toBe(whole.fault === null)
          if (whole.fault === null) expect(cut).toEqual(whole)
        }
      ),
      { numRuns: 2000 }
    )
  })
})
