import { expect, test } from 'vitest'
import { cramMd5Response, plainResponse, xoauth2Response } from '../../electron/transports/smtp/sasl.ts'

test('PLAIN: the example of RFC 4616 without authorization identity', () => {
  expect(plainResponse('tim', 'tanstaaftanstaaf')).toBe('AHRpbQB0YW5zdGFhZnRhbnN0YWFm')
})

test('CRAM-MD5: the example of RFC 2195', () => {
  const challenge = Buffer.from('<1896.697170952@postoffice.reston.mci.net>').toString('base64')
  expect(cramMd5Response('tim', 'tanstaaftanstaaf', challenge)).toBe(
    'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw'
  )
})

test("XOAUTH2: the example of Google's documentation", () => {
  expect(xoauth2Response('someuser@example.com', 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg')).toBe(
    'dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=='
  )
})
