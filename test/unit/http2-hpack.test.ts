import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeadReader } from '../../electron/transports/http/http2/answer-head.ts'
import { ConnectionFault, StreamFault } from '../../electron/transports/http/http2/faults.ts'
import { decodeFields, encodeFields } from '../../electron/transports/http/http2/hpack.ts'

const MAX_LIST_BYTES = 65_536

function decode(hex: string): (readonly [string, string])[] {
  const block = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return decodeFields(block, 0, block.length, MAX_LIST_BYTES)
}

const FIRST_REQUEST = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com']
]
const FIRST_ANSWER = [
  [':status', '302'],
  ['cache-control', 'private'],
  ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['location', 'https://www.example.com']
]
const COOKIE = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1']

/** The examples of RFC 7541, appendix C, that stand for themselves, whole or as far as they do. */
const EXAMPLES: [example: string, hex: string, fields: string[][]][] = [
  [
    'C.2.1',
    '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    [['custom-key', 'custom-header']]
  ],
  ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [[':path', '/sample/path']]],
  ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']]],
  ['C.2.4', '82', [[':method', 'GET']]],
  ['C.3.1', '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', FIRST_REQUEST],
  ['C.3.2, its own header', '5808 6e6f 2d63 6163 6865', [['cache-control', 'no-cache']]],
  [
    'C.3.3, its own header',
    '400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    [['custom-key', 'custom-value']]
  ],
  ['C.4.1', '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', FIRST_REQUEST],
  ['C.4.2, its own header', '5886 a8eb 1064 9cbf', [['cache-control', 'no-cache']]],
  [
    'C.4.3, its own header',
    '4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    [['custom-key', 'custom-value']]
  ],
  [
    'C.5.1',
    '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
    FIRST_ANSWER
  ],
  [
    'C.5.3, its own headers',
    '5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    [['content-encoding', 'gzip'], COOKIE]
  ],
  [
    'C.6.1',
    '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    FIRST_ANSWER
  ],
  ['C.6.2, its own header', '4883 640e ff', [[':status', '307']]],
  [
    'C.6.3, its own headers',
    '6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff 5a83 9bd9 ab77 ad94 e782 1dd7 f2e6 c7b3 35df dfcd 5b39 60d5 af27 087f 3672 c1ab 270f b529 1f95 8731 6065 c003 ed4e e5b1 063d 5007',
    [['date', 'Mon, 21 Oct 2013 20:13:22 GMT'], ['content-encoding', 'gzip'], COOKIE]
  ]
]

/** Those that refer to a table that this client has told its peers not to keep. */
const REFERRING: [example: string, hex: string][] = [
  ['C.3.2', '8286 84be 5808 6e6f 2d63 6163 6865'],
  ['C.4.3', '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'],
  ['C.5.2', '4803 3330 37c1 c0bf'],
  ['C.6.2', '4883 640e ffc1 c0bf']
]

describe('RFC 7541, appendix C', () => {
  it.each(EXAMPLES)('%s is decoded', (_, hex, fields) => {
    expect(decode(hex)).toEqual(fields)
  })

  it.each(REFERRING)('%s is refused: it refers to a table without entries', (_, hex) => {
    expect(() => decode(hex)).toThrow(/there is no header number 6\d in a table without entries/)
  })

  it.each([
    ['C.1.1', '2a', 10],
    ['C.1.2', '3f9a0a', 1337]
  ])('%s: the integer is read', (_, hex, value) => {
    expect(() => decode(hex)).toThrow(`it keeps a table of ${value} bytes`)
  })
})

describe('headers', () => {
  it('are found again, whatever they are', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 300 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 6 }), fc.boolean(), (fields, secret) => {
        const block = encodeFields(fields, () => secret)
        expect(decodeFields(block, 0, block.length, 1e9)).toEqual(fields)
      })
    )
  })

  it('that are secret are marked so that nobody on the way remembers them', () => {
    const block = encodeFields([['authorization', 'Basic x']], (name) => name === 'authorization')
    expect(block.toString('latin1')).toBe('\x20\x1f\x08\x07Basic x')
  })

  it.each([
    ['a list that is too long', `${'94'.repeat(1200)}`, StreamFault],
    ['a value that is cut off', '8858 0a61', ConnectionFault],
    ['Huffman that ends in the middle of a code', '8858 8102', ConnectionFault],
    ['Huffman with a whole byte of padding', '8858 8207 ff', ConnectionFault],
    ['a number that has no end', `88ff ${'80'.repeat(20)}`, ConnectionFault]
  ])('of %s are refused', (_, hex, fault) => {
    expect(() => decode(hex)).toThrow(fault)
  })
})

it('a head with the same bytes as the last is not read again, and another is', () => {
  const reader = new HeadReader()
  const block = Buffer.from([0, 0x88, 0x89, 0])
  const first = reader.read(block, 1, 2)
  expect(first).toMatchObject({ status: 200, contentLength: -1 })
  expect(reader.read(Buffer.from([0x88]), 0, 1)).toBe(first)
  expect(reader.read(block, 2, 3)).toMatchObject({ status: 204 })
})
