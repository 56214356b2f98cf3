import { expect, test } from 'vitest'
import { findMark } from '../../electron/delivery/mark.ts'
import { DeliveryBook, type DeliveryNews } from '../../electron/record/delivery-book.ts'

const SECOND = 1e6
const sent = (seq: number, doneUs: number, accepted = true): DeliveryNews['sent'][number] => [
  ...([1, seq, accepted, doneUs - 1000, doneUs] as const)
]
type Copy = DeliveryNews['arrived'][number]
const copy = (seq: number, atUs: number, part: Partial<Copy> = {}): Copy => ({
  ...{ seq, atUs, resolutionUs: 1, isJunk: false, serverDateUs: null, hops: [] },
  ...part
})
const news = (part: Partial<DeliveryNews>): DeliveryNews => ({
  ...{ transport: 0, sent: [], arrived: [], askedUs: null },
  ...part
})
function newBook(): DeliveryBook {
  return new DeliveryBook({ receiver: 'sink', deadlineSeconds: 10 }, 1)
}

test('an arrival that is known before its acceptance is matched all the same, its time negative', () => {
  const book = newBook()
  book.add(news({ arrived: [copy(7, 4000)] }))
  book.add(news({ sent: [sent(7, 5000)] }))
  expect(book.record(0)).toMatchObject({
    arrived: 1,
    duplicates: 0,
    p50: -1,
    responseMs: 1,
    inbox: { p50: 0 }
  })
  expect(book.due()).toBe(0)
})

test('arrived, late, missing, doubled, junk, unaccepted and warm-up are told apart', () => {
  const book = newBook()
  book.add(news({ sent: [1, 2, 3, 4, 5].map((seq) => sent(seq, SECOND)) }))
  book.add(news({ sent: [sent(6, SECOND, false), sent(7, 9 * SECOND)] }))
  book.add(
    news({
      arrived: [
        copy(1, 2 * SECOND, { resolutionUs: 500 }),
        copy(2, 12 * SECOND),
        copy(3, 3 * SECOND),
        copy(3, 2 * SECOND),
        copy(4, 2 * SECOND, { isJunk: true }),
        copy(6, 2 * SECOND),
        copy(99, 2 * SECOND)
      ]
    })
  )
  expect(book.due()).toBe(2)
  book.add(news({ askedUs: 12 * SECOND }))
  expect(book.due()).toBe(1)
  expect(book.record(0)).toMatchObject({
    ...{ arrived: 3, lost: 2, pending: 1, duplicates: 1, junk: 1, unaccepted: 1 },
    ...{ p50: 1000, p99: 1000, resolutionMs: 0.5, rounds: [{ round: 1, arrived: 3 }] }
  })
  expect(
    book.rows(0, 'a').map(({ seq, arrivedUs, copies, folder }) => [seq, arrivedUs, copies, folder])
  ).toEqual([
    [1, 2 * SECOND, 1, 'inbox'],
    [2, null, 1, null],
    [3, 2 * SECOND, 2, 'inbox'],
    [4, 2 * SECOND, 1, 'junk'],
    [5, null, 0, null],
    [7, null, 0, null]
  ])
})

test('a mark is found where a provider made the Message-ID itself, and in a folded field', () => {
  const tag = '0123456789abcdef'
  expect(
    findMark(`Message-ID: <their@own>\r\nx-chattermark-id:\r\n <${tag}.0000000012@example.com>`)
  ).toEqual({
    ...{ tag, seq: 12 }
  })
  expect(findMark(`Message-Id: <${tag}.0000000003@example.com>`)).toEqual({ tag, seq: 3 })
  expect(findMark(`Subject: X-Chattermark-Id: <${tag}.0000000003@example.com>`)).toBeNull()
})
