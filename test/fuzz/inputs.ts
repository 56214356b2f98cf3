import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  frame,
  goodAnswer,
  goodHead,
  literal,
  setting,
  STATUS_200,
  uint32
} from '../support/hostile-http2.ts'

/** Parsers of what peers say. */
export type ParserName = 'smtp' | 'http' | 'http2'

/** Inputs that once taught something, by the parser they are for. */
export function corpus(name: ParserName): Buffer[] {
  const folder = join(import.meta.dirname, 'corpus', name)
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)))
}

/** Frames of every type on the first streams, whole and in part. */
const HTTP2_WORDS: string[] = [
  ...[frame(4, 0, 0), frame(4, 1, 0), frame(4, 0, 0, setting(4, 0)), frame(4, 0, 0, setting(5, 20_000))],
  ...[1, 3, 5].flatMap((id) => [
    goodAnswer(id),
    goodHead(id),
    frame(1, 0, id, STATUS_200),
    frame(1, 5, id, literal('a', 'b')),
    frame(9, 4, id, literal('content-length', '2')),
    frame(0, 1, id, Buffer.from('{}')),
    frame(0, 8, id, Buffer.from([1, 0x7b, 0])),
    frame(3, 0, id, uint32(7)),
    frame(8, 0, id, uint32(1))
  ]),
  ...[
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(7, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])),
    frame(2, 0, 1, Buffer.alloc(5))
  ],
  ...[
    Buffer.from([0x88]),
    Buffer.from([0, 0x84]),
    Buffer.from([0, 0, 2]),
    Buffer.from([0x0f, 0x80]),
    Buffer.from([0xff])
  ]
].map((bytes) => bytes.toString('latin1'))

/** What protocols are made of: more likely to get somewhere than bytes at random. */
const WORDS = {
  smtp: ['250 ', '250-', '220 ', '4', '550 5.7.1 ', '354', '\r\n', '\n', '\r', '-', '.', '999.999.999', 'é'],
  http: [
    ...[
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.0 500 X\r\n',
      'HTTP/1.1 100 C\r\n\r\n',
      'HTTP/1.1 204 N\r\n',
      '\r\n',
      '\n'
    ],
    ...[
      'Content-Length: 3\r\n',
      'Content-Length: ',
      'Transfer-Encoding: chunked\r\n',
      'Connection: close\r\n'
    ],
    ...[
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'ffffffffff',
      ';ext=1',
      'Trailer: x\r\n',
      '\r\n\r\n',
      '-1',
      '+3',
      ':',
      ' '
    ]
  ],
  http2: HTTP2_WORDS
}

/** Inputs near those of the corpus: pieces of them, words and bytes, put together and changed. */
export function inputs(name: ParserName): fc.Arbitrary<Buffer> {
  const known = fc.constantFrom(...corpus(name))
  const piece = fc.tuple(known, fc.nat(400), fc.nat(200)).map(([bytes, at, length]) => {
    const from = at % (bytes.length + 1)
    return bytes.subarray(from, from + length)
  })
  const word = fc
    .constantFrom(...WORDS[name])
    .map((text) => Buffer.from(text, name === 'http2' ? 'latin1' : 'utf8'))
  const noise = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes))
  const mutated = fc
    .tuple(known, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }))
    .map(([bytes, changes]) => {
      const copy = Buffer.from(bytes)
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte
      return copy
    })
  const part = fc.oneof(
    { arbitrary: word, weight: 4 },
    { arbitrary: piece, weight: 2 },
    { arbitrary: noise, weight: 1 }
  )
  const joined = fc.array(part, { maxLength: 20 }).map((parts) => Buffer.concat(parts))
  return fc.oneof(
    mutated,
    joined,
    fc.tuple(mutated, joined).map((both) => Buffer.concat(both))
  )
}

/** Sizes of the pieces in which an input arrives. */
export const pieceSizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 6 })
