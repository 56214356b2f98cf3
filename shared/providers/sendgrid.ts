import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * SendGrid, API v3: 202 with an empty body; 200 in sandbox mode.
 * Sources: github.com/twilio/sendgrid-oai spec/yaml/tsg_mail_v3.yaml; github.com/sendgrid/docs (v3-mail-send-faq,
 * sandbox-mode, x-message-id, integrating-with-the-smtp-api); twilio.com/docs/sendgrid/api-reference (rate-limits).
 */
export const sendgrid: Provider = {
  id: 'sendgrid',
  label: 'SendGrid',
  smtp: smtpSide({
    hosts: [{ label: 'Global', host: 'smtp.sendgrid.net' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2525, security: 'starttls' },
      { port: 25, security: 'starttls' }
    ],
    user: 'apikey',
    limits: { messagesPerConnection: 5000, connections: 10_000, perSecond: null }
  }),
  http: apiSide({
    urls: [
      { label: 'Global', url: 'https://api.sendgrid.com' },
      { label: 'EU', url: 'https://api.eu.sendgrid.com' }
    ],
    auth: { scheme: 'bearer' },
    describeCall: (message, options) => jsonCall(options, '/v3/mail/send', body(message, options.testMode)),
    accepted: [202, 200],
    // The 200 of sandbox mode promises none.
    messageId: { in: 'header', name: 'x-message-id', on: [202] },
    resetHeader: { name: 'x-ratelimit-reset', unit: 'epoch' },
    testMode: true,
    limits: { messagesPerConnection: null, connections: null, perSecond: 10_000 }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'github.com/twilio/sendgrid-oai spec/yaml/tsg_mail_v3.yaml: headers'
  },
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
    ...attached('attachments', message, ({ filename, contentType, base64 }) => ({
      content: base64,
      filename,
      type: contentType,
      disposition: 'attachment'
    })),
    ...(testMode ? { mail_settings: { sandbox_mode: { enable: true } } } : {})
  }
}
