import { valueAt } from '../plan/plan-path.ts'
import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Mailjet, Send API v3.1: 200 with a status per message.
 * Sources: github.com/mailjet/api-documentation guides/_send-api.md; dev.mailjet.com/email/guides/send-api-v31.
 */
export const mailjet: Provider = {
  id: 'mailjet',
  label: 'Mailjet',
  smtp: smtpSide({
    hosts: [{ label: 'Mailjet', host: 'in-v3.mailjet.com' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 25, security: 'starttls' }
    ]
  }),
  http: apiSide({
    urls: [{ label: 'Mailjet', url: 'https://api.mailjet.com' }],
    auth: { scheme: 'basic' },
    describeCall: (message, options) => jsonCall(options, '/v3.1/send', body(message, options.testMode)),
    accepted: [200],
    refusal: (answer) => {
      const status = valueAt(answer, ['Messages', 0, 'Status'])
      if (status === 'success') return null
      const why = valueAt(answer, ['Messages', 0, 'Errors', 0, 'ErrorMessage'])
      return `status ${String(status)}${typeof why === 'string' ? `: ${why}` : ''}`
    },
    messageId: { in: 'json', path: ['Messages', 0, 'To', 0, 'MessageID'] },
    testMode: true
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'github.com/mailjet/api-documentation guides/_send-api.md: Headers'
  },
  notes: [
    'User and password are the public and the private API key, over SMTP and the API alike.',
    'SandboxMode checks a call and delivers nothing; SMTP has no such mode.'
  ]
}

function body(message: OutgoingMessage, testMode: boolean): Json {
  return {
    Messages: [
      {
        From: { Email: message.from },
        To: message.to.map((Email) => ({ Email })),
        Subject: message.subject,
        TextPart: message.text,
        ...(message.html === null ? {} : { HTMLPart: message.html }),
        Headers: markHeaders(message),
        ...attached('Attachments', message, ({ filename, contentType, base64 }) => ({
          ContentType: contentType,
          Filename: filename,
          Base64Content: base64
        }))
      }
    ],
    ...(testMode ? { SandboxMode: true } : {})
  }
}
