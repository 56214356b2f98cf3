import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, smtpSide } from './provider.ts'

/**
 * MailerSend: 202, the message id in a header. Own headers need a paid plan there, so the message's number
 * stands at the end of its text instead.
 * Sources: developers.mailersend.com (general, api/v1/email, smtp-relay); mailersend.com/help/smtp-relay.
 */
export const mailersend: Provider = {
  id: 'mailersend',
  label: 'MailerSend',
  smtp: smtpSide({
    hosts: [{ label: 'MailerSend', host: 'smtp.mailersend.net' }],
    ports: [{ port: 587, security: 'starttls' }],
    finalCodes: [450],
    limits: { messagesPerConnection: null, connections: null, perSecond: 2 }
  }),
  http: apiSide({
    urls: [{ label: 'MailerSend', url: 'https://api.mailersend.com' }],
    auth: { scheme: 'bearer' },
    describeCall: (message, options) => jsonCall(options, '/v1/email', body(message)),
    accepted: [202],
    messageId: { in: 'header', name: 'x-message-id' },
    limits: { messagesPerConnection: null, connections: null, perSecond: 2 }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'refused',
    source: 'developers.mailersend.com/api/v1/email.html: headers of one’s own are for some plans only'
  },
  notes: [
    'The limit is 120 calls a minute for the API and 120 messages a minute over SMTP; quotas are per day.',
    'Over SMTP a message that does not validate is refused with 450, which is no throttling.',
    'No test address is documented; a trial domain delivers to the account owner only.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    from: { email: message.from },
    to: message.to.map((email) => ({ email })),
    subject: message.subject,
    text: `${message.text}\r\n${message.messageId}`,
    ...(message.html === null ? {} : { html: message.html }),
    ...attached('attachments', message, ({ filename, base64 }) => ({
      content: base64,
      filename,
      disposition: 'attachment'
    }))
  }
}
