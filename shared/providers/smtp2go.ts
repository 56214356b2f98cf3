import { valueAt } from '../plan/plan-path.ts'
import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, asPairs, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * SMTP2GO: 200 with counts of messages that succeeded and failed.
 * Sources: developers.smtp2go.com/docs (endpoints, smtp-relay, rate-limiting, send-an-email);
 * github.com/api-evangelist/smtp2go.
 */
export const smtp2go: Provider = {
  id: 'smtp2go',
  label: 'SMTP2GO',
  smtp: smtpSide({
    hosts: [
      { label: 'Nearest', host: 'mail.smtp2go.com' },
      { label: 'US', host: 'mail-us.smtp2go.com' },
      { label: 'EU', host: 'mail-eu.smtp2go.com' },
      { label: 'AU', host: 'mail-au.smtp2go.com' }
    ],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2525, security: 'starttls' },
      { port: 8025, security: 'starttls' },
      { port: 8465, security: 'tls' },
      { port: 443, security: 'tls' },
      { port: 80, security: 'starttls' },
      { port: 25, security: 'starttls' }
    ]
  }),
  http: apiSide({
    urls: [
      { label: 'Nearest', url: 'https://api.smtp2go.com' },
      { label: 'US', url: 'https://us-api.smtp2go.com' },
      { label: 'EU', url: 'https://eu-api.smtp2go.com' },
      { label: 'AU', url: 'https://au-api.smtp2go.com' }
    ],
    auth: { scheme: 'header', name: 'X-Smtp2go-Api-Key' },
    describeCall: (message, options) => jsonCall(options, '/v3/email/send', body(message)),
    accepted: [200],
    refusal: (answer) => {
      const succeeded = valueAt(answer, ['data', 'succeeded'])
      if (typeof succeeded === 'number' && succeeded > 0) return null
      const failures = valueAt(answer, ['data', 'failures'])
      return `succeeded is ${String(succeeded)}${Array.isArray(failures) ? `: ${failures.join('; ')}` : ''}`
    },
    messageId: { in: 'json', path: ['data', 'email_id'] }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'developers.smtp2go.com/reference/send-standard-email: custom_headers'
  },
  notes: [
    'A sandbox flag on the credential makes it reject every send; there is no black hole.',
    'Too many calls lock the address out for a minute or more, answered with 429.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    sender: message.from,
    to: [...message.to],
    subject: message.subject,
    text_body: message.text,
    ...(message.html === null ? {} : { html_body: message.html }),
    custom_headers: asPairs(markHeaders(message), 'header', 'value'),
    ...attached('attachments', message, ({ filename, contentType, base64 }) => ({
      filename,
      fileblob: base64,
      mimetype: contentType
    }))
  }
}
