import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../electron/transports/http/http2/frame-reader.ts'
import { contentOf } from '../../electron/transports/http/http2/frame-rules.ts'
import { FRAME, writeFrameHeader } from '../../electron/transports/http/http2/frames.ts'
import {
  applySettings,
  PeerSettings,
  settingsPayload
} from '../../electron/transports/http/http2/settings.ts'
import { Http2Stream } from '../../electron/transports/http/http2/stream.ts'
import { pieceSizes } from '../fuzz/inputs.ts'
import { frame } from '../support/hostile-http2.ts'

interface Frame {
  type: number
  flags: number
  id: number
  payload: string
}

const frames = fc.array(
  fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    id: fc.nat(2 ** 31 - 1),
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('hex'))
  }),
  { maxLength: 8 }
)

describe('frames', () => {
  it('are cut out of whatever pieces they come in', () => {
    fc.assert(
      fc.property(frames, pieceSizes, (sent, sizes) => {
        const heard: Frame[] = []
        const reader = new FrameReader((type, flags, id, bytes, from, to) => {
          heard.push({ type, flags, id, payload: bytes.toString('hex', from, to) })
        })
        const wire = Buffer.concat(
          sent.map(({ type, flags, id, payload }) => frame(type, flags, id, Buffer.from(payload, 'hex')))
        )
        for (let at = 0, turn = 0; at < wire.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          const piece = wire.subarray(at, at + size)
          reader.feed(piece, piece.length)
          at += size
        }
        expect(heard).toEqual(sent)
        expect(reader.isMidFrame).toBe(false)
      })
    )
  })

  it('have a header of nine bytes, most significant first', () => {
    const bytes = Buffer.alloc(9)
    expect(writeFrameHeader(bytes, 0, 0x010203, 4, 5, 0x76543210)).toBe(9)
    expect(bytes.toString('hex')).toBe('010203040576543210')
  })

  it.each([
    ['nothing around it', FRAME.data, 0, '616263', [0, 3]],
    ['padding', FRAME.data, 8, '02610000', [1, 2]],
    ['nothing but padding', FRAME.data, 8, '020000', [1, 1]],
    ['a priority', FRAME.headers, 32, '000000000061', [5, 6]],
    ['padding and a priority', FRAME.headers, 40, '010000000000610a', [6, 7]]
  ] as const)('with %s have the content that they should', (_, type, flags, hex, place) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(contentOf(type, flags, bytes, 0, bytes.length)).toEqual(place)
  })
})

describe('settings', () => {
  it('are what was said last, and those that are unknown change nothing', () => {
    const settings = new PeerSettings()
    const payload = settingsPayload([
      [3, 10],
      [0x1234, 5],
      [3, 20],
      [4, 0],
      [5, 2 ** 24 - 1],
      [1, 0]
    ])
    applySettings(settings, payload, 0, payload.length)
    expect(settings).toEqual({ maxConcurrentStreams: 20, initialWindowBytes: 0, maxFrameBytes: 2 ** 24 - 1 })
  })
})

describe('the body of a request', () => {
  it('has its message number in it, wherever frames cut it', () => {
    const bytes = Buffer.from('ab0000000000cd0000000000')
    const offsets = [2, 14]
    const user = {
      sent: () => undefined,
      headed: () => undefined,
      answered: () => undefined,
      returned: () => undefined,
      moved: () => undefined,
      broken: () => undefined,
      lost: () => undefined
    }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 24 }), (sizes) => {
        const stream = new Http2Stream(user)
        stream.prepare(Buffer.alloc(0), { bytes, seqOffsets: offsets }, 1_234_567_890)
        const target = Buffer.alloc(30, '.')
        for (let turn = 0; stream.bodyLeft > 0; turn++) {
          const length = Math.min(stream.bodyLeft, sizes[turn % sizes.length] ?? 1)
          stream.copyBody(target, 3 + stream.bodySent, length)
        }
        expect(target.toString()).toBe('...ab1234567890cd1234567890...')
      })
    )
  })
})
