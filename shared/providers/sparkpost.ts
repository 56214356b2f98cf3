import { valueAt } from '../plan/plan-path.ts'
import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * SparkPost: 200 with counts of accepted and rejected recipients.
 * Sources: developers.sparkpost.com/api; github.com/SparkPost/support-docs (smtp-rest-api-performance,
 * smtp-injection-with-starttls-using-swaks, sparkpost-eu-faq, using-sink-server).
 */
export const sparkpost: Provider = {
  id: 'sparkpost',
  label: 'SparkPost',
  smtp: smtpSide({
    hosts: [
      { label: 'US', host: 'smtp.sparkpostmail.com' },
      { label: 'EU', host: 'smtp.eu.sparkpostmail.com' }
    ],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 2525, security: 'starttls' }
    ],
    user: 'SMTP_Injection',
    limits: { messagesPerConnection: 100, connections: 10, perSecond: null }
  }),
  http: apiSide({
    urls: [
      { label: 'US', url: 'https://api.sparkpost.com' },
      { label: 'EU', url: 'https://api.eu.sparkpost.com' }
    ],
    auth: { scheme: 'header', name: 'Authorization' },
    describeCall: (message, options) => jsonCall(options, '/api/v1/transmissions', body(message)),
    accepted: [200],
    refusal: (answer) => {
      const taken = valueAt(answer, ['results', 'total_accepted_recipients'])
      return typeof taken === 'number' && taken > 0 ? null : `total_accepted_recipients is ${String(taken)}`
    },
    messageId: { in: 'json', path: ['results', 'id'] },
    limits: { messagesPerConnection: 10_000, connections: 10, perSecond: null }
  }),
  sinks: { mailboxes: [], domains: ['sink.sparkpostmail.com'] },
  mark: {
    messageId: 'undocumented',
    apiHeader: 'taken',
    source: 'developers.sparkpost.com/api/transmissions: content.headers'
  },
  notes: [
    'Add .sink.sparkpostmail.com to a recipient domain to send a test that reaches nobody.',
    'Connections are advised to end after 15 minutes.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    recipients: message.to.map((address) => ({ address })),
    content: {
      from: message.from,
      subject: message.subject,
      text: message.text,
      ...(message.html === null ? {} : { html: message.html }),
      headers: markHeaders(message),
      ...attached('attachments', message, ({ filename, contentType, base64 }) => ({
        name: filename,
        type: contentType,
        data: base64
      }))
    }
  }
}
