import { describe, expect, it } from 'vitest'
import { AnswerShape } from '../../electron/transports/http/answer-shape.ts'

function shapeOf(body: string, id: string): AnswerShape {
  const shape = new AnswerShape()
  shape.learn(Buffer.from(body), id)
  return shape
}

const answer = (id: string): string => `{"id":"${id}","message":"Queued. Thank you."}`

describe('the shape of an accepted answer', () => {
  it.each(['<2@example.com>', 'x', 'a much longer id than the one before'])('fits another id: %s', (id) => {
    expect(shapeOf(answer('<1@example.com>'), '<1@example.com>').fits(Buffer.from(answer(id)))).toBe(true)
  })

  it.each([
    ['an empty id', answer('')],
    ['an id that ends its string early', answer('1","error":"quota')],
    ['an escaped character', answer('a\\"b')],
    ['a line end in the id', answer('a\nb')],
    ['characters beyond ASCII', answer('ä')],
    ['other words in front', '{"no":"<1@example.com>","message":"Queued. Thank you."}'],
    ['other words behind', '{"id":"<1@example.com>","message":"Refused. Thank you."}'],
    ['something missing', '{"id":"<1@example.com>"}'],
    ['something more', `${answer('<1@example.com>')},`],
    ['nothing', '']
  ])('does not fit %s', (_what, body) => {
    expect(shapeOf(answer('<1@example.com>'), '<1@example.com>').fits(Buffer.from(body))).toBe(false)
  })

  it.each([
    ['the id stands twice', '{"id":"7","of":"7"}', '7'],
    ['the id is written another way', '{"id":"\\u0037"}', '7'],
    ['a key looks like the id', '{"id":"\\u0069d","ok":true}', 'id'],
    ['the id is beyond ASCII', '{"id":"ä"}', 'ä']
  ])('is not learnt where %s', (_what, body, id) => {
    expect(shapeOf(body, id).fits(Buffer.from(body))).toBe(false)
  })

  it('is given up for an API whose answers differ elsewhere, too', () => {
    const shape = new AnswerShape()
    const at = (second: number): Buffer => Buffer.from(`{"id":"${second}","at":"00:${second + 100}"}`)
    for (let second = 0; second < 21; second++) shape.learn(at(second), String(second))
    expect(shape.fits(at(19))).toBe(true)
    expect(shape.fits(at(20))).toBe(false)
  })

  it('fits nothing before one was learnt', () => {
    expect(new AnswerShape().fits(Buffer.from(answer('1')))).toBe(false)
  })
})
