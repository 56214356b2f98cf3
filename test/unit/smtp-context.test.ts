import { expect, test } from 'vitest'
import type { Extensions } from '../../electron/transports/smtp/extensions.ts'
import { SmtpContext } from '../../electron/transports/smtp/smtp-context.ts'
import { ReplyParser } from '../../electron/transports/smtp/reply-parser.ts'
import { smtpOptions } from '../support/smtp-sending.ts'

test('a server that greets each connection with other words still speaks one extensions', async () => {
  const context = new SmtpContext(await smtpOptions({ port: 25 }))
  const heard = (text: string): Extensions => {
    const bytes = Buffer.from(text)
    const reply = new ReplyParser()
    reply.next(bytes, 0, bytes.length)
    return context.extensions(reply)
  }
  const inClear = heard('250-mx1 at your service, session 16\r\n250 STARTTLS\r\n')
  const first = heard('250-mx1 at your service, session 17\r\n250-PIPELINING\r\n250 SIZE 1000\r\n')
  expect(heard('250-mx2 at your service, session 18\r\n250-PIPELINING\r\n250 SIZE 1000\r\n')).toBe(first)
  // Before and under TLS it offers something else, on each connection.
  expect(heard('250-mx2 at your service, session 18\r\n250 STARTTLS\r\n')).toBe(inClear)
  expect(heard('250-mx3 at your service, session 18\r\n250-PIPELINING\r\n250 SIZE 1000\r\n')).toBe(first)
  expect(heard('250 nothing at all\r\n').capabilities).toEqual([])
  expect(heard('250-mx1 at your service, session 19\r\n250 SIZE 1000\r\n')).toMatchObject({
    pipelining: false,
    capabilities: ['SIZE 1000']
  })
})
