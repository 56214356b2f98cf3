import { expect, test } from 'vitest'
import {
  bytes,
  counted,
  duration,
  figure,
  integer,
  listed,
  milliseconds,
  partOf,
  percent,
  tickLabel
} from '../../shared/text/format.ts'

/** As it reads, with plain spaces. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ')

test.each([
  [figure(0), '0'],
  [figure(0.12345), '0.123'],
  [figure(43.21), '43.2'],
  [figure(0.001), '0.001'],
  [figure(20.96), '21.0'],
  [figure(455.4), '455'],
  [figure(11), '11'],
  [figure(1005.4), '1,005'],
  [figure(-2.345), '-2.35'],
  [figure(Number.NaN), '–'],
  [tickLabel(0.5), '0.5'],
  [tickLabel(1500), '1,500'],
  [integer(3000), '3,000'],
  [partOf(3000, 3000), '3,000 of 3,000'],
  [percent(0.973), '97 %'],
  [percent(0), '0 %'],
  [percent(1), '100 %'],
  [percent(0.9999), '99.9 %'],
  [percent(0.0001), '0.1 %'],
  [milliseconds(0.4212), '0.421 ms'],
  [milliseconds(455), '455 ms'],
  [milliseconds(2345), '2.35 s'],
  [duration(40.2), '40 s'],
  [duration(720), '12 min'],
  [duration(9360), '2.6 h'],
  [duration(400_000), '4.63 d'],
  [bytes(512), '512 B'],
  [bytes(2048), '2.05 KB'],
  [bytes(1_200_000), '1.2 MB'],
  [counted(1, 'message'), '1 message'],
  [counted(3000, 'message'), '3,000 messages'],
  [listed([]), ''],
  [listed(['a']), 'a'],
  [listed(['a', 'b', 'c']), 'a, b and c']
])('%j reads %j', (text, expected) => {
  expect(plain(text)).toBe(expected)
})
