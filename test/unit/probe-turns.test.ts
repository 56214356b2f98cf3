import { describe, expect, test } from 'vitest'
import { coldTurns, httpTurns, warmTurns, type SmtpShape } from '../../shared/insight/turns.ts'

const BASE: SmtpShape = {
  security: 'none',
  tlsVersion: 'TLSv1.3',
  resumed: false,
  auth: 'none',
  initialResponse: true,
  pipelining: false,
  chunking: false,
  recipients: 1
}
const STARTTLS: Partial<SmtpShape> = { security: 'starttls', auth: 'plain' }
const IMPLICIT: Partial<SmtpShape> = { security: 'tls', auth: 'plain' }

type Row = [sentence: string, shape: Partial<SmtpShape>, plain: number, pipelined: number, chunked: number]

describe('a fresh SMTP connection: no PIPELINING, PIPELINING, PIPELINING and CHUNKING', () => {
  test.each<Row>([
    ['25, plaintext, no AUTH', {}, 7, 5, 4],
    ['587, STARTTLS, TLS 1.3, AUTH PLAIN with initial response', STARTTLS, 11, 9, 8],
    ['587, TLS 1.2 full', { ...STARTTLS, tlsVersion: 'TLSv1.2' }, 12, 10, 9],
    ['587, AUTH PLAIN without initial response', { ...STARTTLS, initialResponse: false }, 12, 10, 9],
    ['587, AUTH LOGIN', { ...STARTTLS, auth: 'login' }, 13, 11, 10],
    ['587, TLS 1.2, AUTH LOGIN', { ...STARTTLS, auth: 'login', tlsVersion: 'TLSv1.2' }, 14, 12, 11],
    ['587, TLS 1.2 resumed', { ...STARTTLS, tlsVersion: 'TLSv1.2', resumed: true }, 11, 9, 8],
    ['587, AUTH CRAM-MD5', { ...STARTTLS, auth: 'cram-md5' }, 12, 10, 9],
    ['587, AUTH XOAUTH2 with initial response', { ...STARTTLS, auth: 'xoauth2' }, 11, 9, 8],
    ['465, implicit TLS 1.3, AUTH PLAIN with initial response', IMPLICIT, 9, 7, 6],
    [
      '465, TLS 1.2 costs no more, since the server speaks first',
      { ...IMPLICIT, tlsVersion: 'TLSv1.2' },
      9,
      7,
      6
    ],
    ['465, resumed costs no less', { ...IMPLICIT, resumed: true }, 9, 7, 6],
    ['465, AUTH LOGIN', { ...IMPLICIT, auth: 'login' }, 11, 9, 8],
    ['three recipients cost two more without PIPELINING only', { recipients: 3 }, 9, 5, 4]
  ])('%s', (_sentence, change, plain, pipelined, chunked) => {
    const shape = { ...BASE, ...change }
    expect(coldTurns(shape)).toBe(plain)
    expect(coldTurns({ ...shape, pipelining: true })).toBe(pipelined)
    expect(coldTurns({ ...shape, pipelining: true, chunking: true })).toBe(chunked)
  })
})

test.each([
  ['no extension', { pipelining: false, chunking: false, recipients: 1 }, 4],
  ['CHUNKING alone saves the wait for 354', { pipelining: false, chunking: true, recipients: 1 }, 3],
  ['PIPELINING', { pipelining: true, chunking: false, recipients: 1 }, 2],
  ['PIPELINING and CHUNKING', { pipelining: true, chunking: true, recipients: 1 }, 1],
  ['ten recipients without PIPELINING', { pipelining: false, chunking: false, recipients: 10 }, 13],
  ['ten recipients with PIPELINING', { pipelining: true, chunking: false, recipients: 10 }, 2]
])('a kept SMTP connection: %s', (_sentence, shape, turns) => {
  expect(warmTurns(shape)).toBe(turns)
})

test.each([
  ['plain HTTP', null, 2],
  ['TLS 1.3', { version: 'TLSv1.3', resumed: false } as const, 3],
  ['TLS 1.2', { version: 'TLSv1.2', resumed: false } as const, 4],
  ['TLS 1.2 resumed', { version: 'TLSv1.2', resumed: true } as const, 3]
])('HTTP over %s', (_sentence, tls, cold) => {
  expect(httpTurns(tls)).toEqual({ cold, warm: 1 })
})
