import { expect, test } from 'vitest'
import type { Dialect } from '../../electron/transports/smtp/dialect.ts'
import { Endpoint } from '../../electron/transports/smtp/endpoint.ts'
import { ReplyParser } from '../../electron/transports/smtp/reply-parser.ts'
import { smtpOptions } from '../support/smtp-sending.ts'

test('a server that greets each connection with other words still speaks one dialect', async () => {
  const endpoint = new Endpoint(await smtpOptions({ port: 25 }))
  const heard = (text: string): Dialect => {
    const bytes = Buffer.from(text)
    const reply = new ReplyParser()
    reply.next(bytes, 0, bytes.length)
    return endpoint.dialect(reply)
  }
  const first = heard('250-mx1 at your service, session 17\r\n250-PIPELINING\r\n250 SIZE 1000\r\n')
  expect(heard('250-mx2 at your service, session 18\r\n250-PIPELINING\r\n250 SIZE 1000\r\n')).toBe(first)
  expect(heard('250-mx1 at your service, session 19\r\n250 SIZE 1000\r\n')).toMatchObject({
    pipelining: false,
    capabilities: ['SIZE 1000']
  })
})
