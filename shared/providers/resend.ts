import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { jsonCall, markHeaders, NO_LIMITS, THROTTLED } from './provider.ts'

/**
 * Resend. Sources: github.com/resend/resend-openapi; resend.com/docs/send-with-smtp, /api-reference/rate-limit,
 * /dashboard/emails/send-test-emails.
 */
export const resend: Provider = {
  id: 'resend',
  label: 'Resend',
  smtp: {
    hosts: [{ label: 'Resend', host: 'smtp.resend.com' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2587, security: 'starttls' },
      { port: 2465, security: 'tls' },
      { port: 25, security: 'starttls' }
    ],
    user: 'resend',
    testHeaders: {},
    limits: NO_LIMITS
  },
  http: {
    urls: [{ label: 'Resend', url: 'https://api.resend.com' }],
    auth: { scheme: 'bearer' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => jsonCall(options, '/emails', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['id'] },
    throttled: THROTTLED,
    resetHeader: { name: 'ratelimit-reset', unit: 'seconds' },
    testMode: false,
    limits: { messagesPerConnection: null, connections: null, perSecond: 2 }
  },
  sinks: { mailboxes: ['delivered@resend.dev', 'bounced@resend.dev', 'complained@resend.dev'], domains: [] },
  notes: [
    'The rate is per team, SMTP and API together: 2 a second by default; the ratelimit-limit header tells yours.',
    'Use delivered@resend.dev as the recipient of a test.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    from: message.from,
    to: [...message.to],
    subject: message.subject,
    text: message.text,
    ...(message.html === null ? {} : { html: message.html }),
    headers: markHeaders(message),
    ...(message.attachments.length === 0
      ? {}
      : {
          attachments: message.attachments.map(({ filename, contentType, base64 }) => ({
            filename,
            content: base64,
            content_type: contentType
          }))
        })
  }
}
