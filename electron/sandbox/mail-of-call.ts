import type Mail from 'nodemailer/lib/mailer/index.js'
import type { Field } from './http-fields.ts'

/** The mail that a call of the API asks for. @param files its attachments, or the whole message */
export function mailOfCall(
  fields: ReadonlyMap<string, Field>,
  files: readonly { name: string; filename: string; content: Buffer }[]
): Mail.Options {
  const text = (name: string): string | undefined => fields.get(name)?.value
  const whole = files.find(({ name }) => name === 'message')
  const to = text('to') ?? ''
  if (whole !== undefined) return { envelope: { from: text('from') ?? '', to: [to] }, raw: whole.content }
  const headers = [...fields]
    .filter(([name]) => name.startsWith('h:') && name !== 'h:message-id')
    .map(([name, { value }]) => ({ key: name.slice(2), value }))
  return {
    ...{ from: text('from'), to, subject: text('subject'), text: text('text'), html: text('html'), headers },
    messageId: text('h:message-id'),
    attachments: files.map(({ filename, content }) => ({ filename, content }))
  }
}
