import { expect, test } from 'vitest'
import { composeContent } from '../../electron/transports/content.ts'
import { createNodemailerClient } from '../../electron/transports/smtp/nodemailer-client.ts'
import { createSmtpWireClient } from '../../electron/transports/smtp/wire-client.ts'
import { messageSchema } from '../../shared/plan/plan.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { openSender } from '../support/sends.ts'
import { smtpOptions, TEST_RUN_TAG } from '../support/smtp-sending.ts'

/** The header fields of a message in alphabetical order. */
function headerOf(content = ''): string[] {
  return content
    .slice(0, content.indexOf('\r\n\r\n'))
    .split(/\r\n(?![ \t])/)
    .sort()
}

test("nodemailer's message has the header of the wire client's, the provider's test mode included", async () => {
  const server = await startRawServer()
  const message = messageSchema.parse({ from: 'bench@example.com', to: ['a@example.com', 'b@example.com'] })
  const options = {
    ...(await smtpOptions({ port: server.port })),
    content: await composeContent(message, TEST_RUN_TAG, { 'X-Mailgun-Drop-Message': 'yes' })
  }
  const clients = [createSmtpWireClient(options), createNodemailerClient(options)]
  try {
    for (const client of clients) expect((await openSender(client).send()).outcome).toBe('accepted')
    const [wire, nodemailer] = server.messages.map(({ content }) => headerOf(content))
    expect(nodemailer).toContain('X-Mailgun-Drop-Message: yes')
    expect(nodemailer).toEqual(wire)
  } finally {
    for (const client of clients) await client.close(500)
    await server.close()
  }
})
