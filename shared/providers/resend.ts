import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Resend. Sources: github.com/resend/resend-openapi; resend.com/docs/send-with-smtp, /api-reference/rate-limit,
 * /dashboard/emails/send-test-emails.
 */
export const resend: Provider = {
  id: 'resend',
  label: 'Resend',
  smtp: smtpSide({
    hosts: [{ label: 'Resend', host: 'smtp.resend.com' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2587, security: 'starttls' },
      { port: 2465, security: 'tls' },
      { port: 25, security: 'starttls' }
    ],
    user: 'resend'
  }),
  http: apiSide({
    urls: [{ label: 'Resend', url: 'https://api.resend.com' }],
    auth: { scheme: 'bearer' },
    describeCall: (message, options) => jsonCall(options, '/emails', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['id'] },
    resetHeader: { name: 'ratelimit-reset', unit: 'seconds' },
    limits: { messagesPerConnection: null, connections: null, perSecond: 2 }
  }),
  sinks: { mailboxes: ['delivered@resend.dev', 'bounced@resend.dev', 'complained@resend.dev'], domains: [] },
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'resend.com/docs/dashboard/emails/custom-headers'
  },
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
    ...attached('attachments', message, ({ filename, contentType, base64 }) => ({
      filename,
      content: base64,
      content_type: contentType
    }))
  }
}
