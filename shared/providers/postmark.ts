import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { asPairs, jsonCall, markHeaders, NO_LIMITS, NO_SINKS, THROTTLED, valueAt } from './provider.ts'

/**
 * Postmark: 200 with `ErrorCode` 0.
 * Sources: postmarkapp.com/developer; postmarkapp.com/support/article/811, /1056, /do-we-have-rate-limits-for-smtp;
 * github.com/api-evangelist/postmark.
 */
export const postmark: Provider = {
  id: 'postmark',
  label: 'Postmark',
  smtp: {
    hosts: [
      { label: 'Transactional', host: 'smtp.postmarkapp.com' },
      { label: 'Broadcasts', host: 'smtp-broadcasts.postmarkapp.com' }
    ],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 2525, security: 'starttls' },
      { port: 25, security: 'starttls' }
    ],
    user: null,
    testHeaders: {},
    limits: { messagesPerConnection: null, connections: 10, perSecond: null }
  },
  http: {
    urls: [{ label: 'Postmark', url: 'https://api.postmarkapp.com' }],
    auth: { scheme: 'header', name: 'X-Postmark-Server-Token' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => jsonCall(options, '/email', body(message)),
    accepted: [200],
    refusal: (answer) => {
      const code = valueAt(answer, ['ErrorCode'])
      return code === 0 ? null : `ErrorCode ${String(code)}: ${String(valueAt(answer, ['Message']))}`
    },
    messageId: { in: 'json', path: ['MessageID'] },
    throttled: THROTTLED,
    resetHeader: null,
    testMode: false,
    limits: NO_LIMITS
  },
  sinks: NO_SINKS,
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
    ...(message.attachments.length === 0
      ? {}
      : {
          Attachments: message.attachments.map(({ filename, contentType, base64 }) => ({
            Name: filename,
            Content: base64,
            ContentType: contentType
          }))
        }),
    MessageStream: 'outbound'
  }
}
