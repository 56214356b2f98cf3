import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { jsonCall, markHeaders, NO_SINKS, THROTTLED } from './provider.ts'

/**
 * SendGrid, API v3: 202 with an empty body; 200 in sandbox mode.
 * Sources: github.com/twilio/sendgrid-oai spec/yaml/tsg_mail_v3.yaml; github.com/sendgrid/docs (v3-mail-send-faq,
 * sandbox-mode, x-message-id, integrating-with-the-smtp-api); twilio.com/docs/sendgrid/api-reference (rate-limits).
 */
export const sendgrid: Provider = {
  id: 'sendgrid',
  label: 'SendGrid',
  smtp: {
    hosts: [{ label: 'Global', host: 'smtp.sendgrid.net' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2525, security: 'starttls' },
      { port: 25, security: 'starttls' }
    ],
    user: 'apikey',
    testHeaders: {},
    limits: { messagesPerConnection: 5000, connections: 10_000, perSecond: null }
  },
  http: {
    urls: [
      { label: 'Global', url: 'https://api.sendgrid.com' },
      { label: 'EU', url: 'https://api.eu.sendgrid.com' }
    ],
    auth: { scheme: 'bearer' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => jsonCall(options, '/v3/mail/send', body(message, options.testMode)),
    accepted: [202, 200],
    messageId: { in: 'header', name: 'x-message-id' },
    throttled: THROTTLED,
    resetHeader: { name: 'x-ratelimit-reset', unit: 'epoch' },
    testMode: true,
    limits: { messagesPerConnection: null, connections: null, perSecond: 10_000 }
  },
  sinks: NO_SINKS,
  notes: [
    'The API in sandbox mode checks the call and answers 200; nothing is delivered. SMTP has no such mode.',
    'An older page of theirs advises 100 messages per connection and 10 connections over SMTP.'
  ]
}

function body(message: OutgoingMessage, testMode: boolean): Json {
  return {
    personalizations: [{ to: message.to.map((email) => ({ email })) }],
    from: { email: message.from },
    subject: message.subject,
    content: [
      { type: 'text/plain', value: message.text },
      ...(message.html === null ? [] : [{ type: 'text/html', value: message.html }])
    ],
    headers: markHeaders(message),
    ...(message.attachments.length === 0
      ? {}
      : {
          attachments: message.attachments.map(({ filename, contentType, base64 }) => ({
            content: base64,
            filename,
            type: contentType,
            disposition: 'attachment'
          }))
        }),
    ...(testMode ? { mail_settings: { sandbox_mode: { enable: true } } } : {})
  }
}
