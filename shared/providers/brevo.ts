import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Brevo: 201; its sandbox is a header inside the body.
 * Sources: developers.brevo.com/docs (using-sandbox-mode, limit-headers, smtp-integration, api-limits).
 */
export const brevo: Provider = {
  id: 'brevo',
  label: 'Brevo',
  smtp: smtpSide({
    hosts: [{ label: 'Brevo', host: 'smtp-relay.brevo.com' }],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2525, security: 'starttls' }
    ]
  }),
  http: apiSide({
    urls: [{ label: 'Brevo', url: 'https://api.brevo.com' }],
    auth: { scheme: 'header', name: 'api-key' },
    describeCall: (message, options) => jsonCall(options, '/v3/smtp/email', body(message, options.testMode)),
    accepted: [201],
    messageId: { in: 'json', path: ['messageId'] },
    resetHeader: { name: 'x-sib-ratelimit-reset', unit: 'seconds' },
    testMode: true,
    limits: { messagesPerConnection: null, connections: null, perSecond: 1000 }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'developers.brevo.com/reference/sendtransacemail: headers'
  },
  notes: [
    'SMTP takes an SMTP key, which is not the API key.',
    'Higher tiers allow 2000 and 6000 calls a second.'
  ]
}

function body(message: OutgoingMessage, testMode: boolean): Json {
  return {
    sender: { email: message.from },
    to: message.to.map((email) => ({ email })),
    subject: message.subject,
    textContent: message.text,
    ...(message.html === null ? {} : { htmlContent: message.html }),
    headers: { ...markHeaders(message), ...(testMode ? { 'X-Sib-Sandbox': 'drop' } : {}) },
    ...attached('attachment', message, ({ filename, base64 }) => ({ name: filename, content: base64 }))
  }
}
