import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Mailpit, a local sink with the same two doors.
 * Sources: github.com/axllent/mailpit server/apiv1/send.go, internal/smtpd/smtpd.go, config/config.go.
 */
export const mailpit: Provider = {
  id: 'mailpit',
  label: 'Mailpit (local)',
  smtp: smtpSide({
    hosts: [{ label: 'This machine', host: '127.0.0.1' }],
    ports: [{ port: 1025, security: 'none' }]
  }),
  http: apiSide({
    urls: [{ label: 'This machine', url: 'http://127.0.0.1:8025' }],
    auth: { scheme: 'basic' },
    describeCall: (message, options) => jsonCall(options, '/api/v1/send', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['ID'] }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'github.com/axllent/mailpit server/apiv1/send.go: Headers'
  },
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
    ...attached('Attachments', message, ({ filename, contentType, base64 }) => ({
      Content: base64,
      Filename: filename,
      ContentType: contentType
    }))
  }
}
