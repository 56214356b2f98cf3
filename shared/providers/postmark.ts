import { valueAt } from '../plan/plan-path.ts'
import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, asPairs, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Postmark: 200 with `ErrorCode` 0.
 * Sources: postmarkapp.com/developer; postmarkapp.com/support/article/811, /1056, /do-we-have-rate-limits-for-smtp;
 * github.com/api-evangelist/postmark.
 */
export const postmark: Provider = {
  id: 'postmark',
  label: 'Postmark',
  smtp: smtpSide({
    hosts: [
      { label: 'Transactional', host: 'smtp.postmarkapp.com' },
      { label: 'Broadcasts', host: 'smtp-broadcasts.postmarkapp.com' }
    ],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 2525, security: 'starttls' },
      { port: 25, security: 'starttls' }
    ],
    limits: { messagesPerConnection: null, connections: 10, perSecond: null }
  }),
  http: apiSide({
    urls: [{ label: 'Postmark', url: 'https://api.postmarkapp.com' }],
    auth: { scheme: 'header', name: 'X-Postmark-Server-Token' },
    describeCall: (message, options) => jsonCall(options, '/email', body(message)),
    accepted: [200],
    refusal: (answer) => {
      const code = valueAt(answer, ['ErrorCode'])
      return code === 0 ? null : `ErrorCode ${String(code)}: ${String(valueAt(answer, ['Message']))}`
    },
    messageId: { in: 'json', path: ['MessageID'] }
  }),
  mark: {
    messageId: 'replaced',
    apiHeader: 'taken',
    source:
      'postmarkapp.com/developer/user-guide/send-email-with-smtp: replaced unless X-PM-KeepID is true; /developer/api/email-api: Headers'
  },
  notes: [
    'There is no implicit TLS port.',
    'The token POSTMARK_API_TEST checks a call and delivers nothing; a Sandbox server swallows mail and counts it.',
    'SMTP takes the server token as user and as password.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    From: message.from,
    To: message.to.join(','),
    Subject: message.subject,
    TextBody: message.text,
    ...(message.html === null ? {} : { HtmlBody: message.html }),
    Headers: asPairs(markHeaders(message), 'Name', 'Value'),
    ...attached('Attachments', message, ({ filename, contentType, base64 }) => ({
      Name: filename,
      Content: base64,
      ContentType: contentType
    })),
    MessageStream: 'outbound'
  }
}
