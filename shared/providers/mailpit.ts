import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { jsonCall, markHeaders, NO_LIMITS, NO_SINKS, THROTTLED } from './provider.ts'

/**
 * Mailpit, a local sink with the same two doors.
 * Sources: github.com/axllent/mailpit server/apiv1/send.go, internal/smtpd/smtpd.go, config/config.go.
 */
export const mailpit: Provider = {
  id: 'mailpit',
  label: 'Mailpit (local)',
  smtp: {
    hosts: [{ label: 'This machine', host: '127.0.0.1' }],
    ports: [{ port: 1025, security: 'none' }],
    user: null,
    testHeaders: {},
    limits: NO_LIMITS
  },
  http: {
    urls: [{ label: 'This machine', url: 'http://127.0.0.1:8025' }],
    auth: { scheme: 'basic' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => jsonCall(options, '/api/v1/send', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['ID'] },
    throttled: THROTTLED,
    resetHeader: null,
    testMode: false,
    limits: NO_LIMITS
  },
  sinks: NO_SINKS,
  notes: [
    'It keeps 500 messages by default and prunes every minute.',
    'It offers neither PIPELINING nor CHUNKING.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    From: { Email: message.from },
    To: message.to.map((Email) => ({ Email })),
    Subject: message.subject,
    Text: message.text,
    ...(message.html === null ? {} : { HTML: message.html }),
    Headers: markHeaders(message),
    ...(message.attachments.length === 0
      ? {}
      : {
          Attachments: message.attachments.map(({ filename, contentType, base64 }) => ({
            Content: base64,
            Filename: filename,
            ContentType: contentType
          }))
        })
  }
}
