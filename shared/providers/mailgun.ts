import type { CallOptions, FormField, OutgoingMessage, Provider, ProviderCall } from './provider.ts'
import { apiSide, joinPath, smtpSide } from './provider.ts'

const NOTES = [
  'Test mode (o:testmode, X-Mailgun-Drop-Message) accepts and does not deliver, and is billed all the same.',
  'The API documents multipart only; urlencoded forms are an experiment.',
  'No rate is published for sends; a 429 names its wait in the text.'
]

/**
 * Mailgun.
 * Sources: documentation.mailgun.com/docs/mailgun/api-reference, /user-manual/sending-messages (send-smtp,
 * test-mode); github.com/mailgun/mailgun-mcp-server src/openapi.yaml; github.com/mailgun/documentation.
 */
export const mailgun = region('mailgun', 'Mailgun (US)', 'api.mailgun.net', 'smtp.mailgun.org')
export const mailgunEu = region('mailgun-eu', 'Mailgun (EU)', 'api.eu.mailgun.net', 'smtp.eu.mailgun.org')

function region(id: Provider['id'], label: string, api: string, smtpHost: string): Provider {
  return {
    id,
    label,
    smtp: smtpSide({
      hosts: [{ label, host: smtpHost }],
      ports: [
        { port: 587, security: 'starttls' },
        { port: 465, security: 'tls' },
        { port: 2525, security: 'starttls' },
        { port: 25, security: 'starttls' }
      ],
      testHeaders: { 'X-Mailgun-Drop-Message': 'yes' }
    }),
    http: apiSide({
      urls: [{ label, url: `https://${api}` }],
      auth: { scheme: 'basic' },
      user: 'api',
      bodies: ['multipart', 'form', 'mime'],
      namesDomain: true,
      describeCall,
      accepted: [200],
      messageId: { in: 'json', path: ['id'] },
      testMode: true
    }),
    mark: {
      messageId: 'undocumented',
      apiHeader: 'taken',
      source: 'documentation.mailgun.com/docs/mailgun/api-reference: h: and a name adds a header'
    },
    notes: NOTES
  }
}

/** `POST /v3/{domain}/messages`, or `/messages.mime` with the whole message; `/v2` as the older path. */
function describeCall(message: OutgoingMessage, options: CallOptions): ProviderCall {
  const version = options.basePath.split('/').includes('v2') ? 'v2' : 'v3'
  const call = options.body === 'mime' ? 'messages.mime' : 'messages'
  const fields = options.body === 'mime' ? mimeFields(message) : partFields(message)
  if (options.testMode) fields.push({ name: 'o:testmode', value: 'yes' })
  return {
    method: 'POST',
    path: joinPath(options.basePath, `/${version}/${encodeURIComponent(options.domain)}/${call}`),
    headers: {},
    body: { kind: 'form', fields }
  }
}

function mimeFields(message: OutgoingMessage): FormField[] {
  return [...recipients(message), { name: 'message', wholeMessage: true, filename: 'message.mime' }]
}

function partFields(message: OutgoingMessage): FormField[] {
  return [
    { name: 'from', value: message.from },
    ...recipients(message),
    { name: 'subject', value: message.subject },
    { name: 'text', value: message.text },
    ...(message.html === null ? [] : [{ name: 'html', value: message.html }]),
    ...Object.entries(message.headers).map(([name, value]) => ({ name: `h:${name}`, value })),
    { name: 'h:Message-Id', value: message.messageId },
    ...message.attachments.map((_, attachment) => ({ name: 'attachment', attachment }))
  ]
}

function recipients(message: OutgoingMessage): FormField[] {
  return message.to.map((value) => ({ name: 'to', value }))
}
