import { valueAt } from '../plan/plan-path.ts'
import type { Json, OutgoingMessage, Provider, ProviderCall } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Mailtrap: 200 with `success`. Its sandbox is another host, whose path ends in the sandbox's number.
 * Sources: github.com/mailtrap/mailtrap-openapi specs/; mailtrap.io/smtp-service.
 */
export const mailtrap: Provider = {
  id: 'mailtrap',
  label: 'Mailtrap',
  smtp: smtpSide({
    hosts: [
      { label: 'Transactional', host: 'live.smtp.mailtrap.io' },
      { label: 'Bulk', host: 'bulk.smtp.mailtrap.io' },
      { label: 'Sandbox', host: 'sandbox.smtp.mailtrap.io' }
    ],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 2525, security: 'starttls' }
    ],
    user: 'api'
  }),
  http: apiSide({
    urls: [
      { label: 'Transactional', url: 'https://send.api.mailtrap.io' },
      { label: 'Bulk', url: 'https://bulk.api.mailtrap.io' }
    ],
    auth: { scheme: 'bearer' },
    describeCall: (message, options): ProviderCall => {
      const call = jsonCall(options, '/api/send', body(message))
      return /\/api\/send\/[^/]+\/?$/.test(options.basePath) ? { ...call, path: options.basePath } : call
    },
    accepted: [200],
    refusal: (answer) => {
      if (valueAt(answer, ['success']) === true) return null
      const errors = valueAt(answer, ['errors'])
      return `success is not true${Array.isArray(errors) ? `: ${errors.join('; ')}` : ''}`
    },
    messageId: { in: 'json', path: ['message_ids', 0] }
  }),
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'github.com/mailtrap/mailtrap-openapi specs: headers'
  },
  notes: [
    'For the sandbox use https://sandbox.api.mailtrap.io/api/send/SANDBOX_ID, or sandbox.smtp.mailtrap.io with its own login.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    from: { email: message.from },
    to: message.to.map((email) => ({ email })),
    subject: message.subject,
    text: message.text,
    ...(message.html === null ? {} : { html: message.html }),
    headers: markHeaders(message),
    ...attached('attachments', message, ({ filename, contentType, base64 }) => ({
      content: base64,
      filename,
      type: contentType,
      disposition: 'attachment'
    }))
  }
}
