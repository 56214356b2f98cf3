import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, asPairs, attached, jsonCall, markHeaders, smtpSide } from './provider.ts'

/**
 * Amazon SES: API v2 (`SendEmail`, simple content), signed with Signature Version 4.
 * Sources: docs.aws.amazon.com/ses/latest/APIReference-V2 (SendEmail, EmailContent), /ses/latest/dg (quotas,
 * manage-sending-quotas-errors, smtp-connect, send-an-email-from-console for the mailbox simulator, attachments).
 */
export const ses: Provider = {
  id: 'ses',
  label: 'Amazon SES',
  smtp: smtpSide({
    hosts: [],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2587, security: 'starttls' },
      { port: 2465, security: 'tls' },
      { port: 25, security: 'starttls' }
    ],
    throttledText: /throttling failure/i
  }),
  http: apiSide({
    urls: [],
    auth: { scheme: 'sigv4', service: 'ses' },
    describeCall: (message, options) => jsonCall(options, '/v2/email/outbound-emails', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['MessageId'] },
    // A ThrottlingException is a 400 like every other refusal; its text is what is documented.
    throttledText: /rate exceeded|message quota exceeded/i
  }),
  sinks: { mailboxes: [], domains: ['simulator.amazonses.com'] },
  mark: {
    messageId: 'replaced',
    apiHeader: 'taken',
    source:
      'docs.aws.amazon.com/ses/latest/dg/header-fields.html: a Message-ID is overridden, other headers are accepted; APIReference-V2 MessageHeader'
  },
  notes: [
    'The address names the region: https://email.REGION.amazonaws.com and email-smtp.REGION.amazonaws.com.',
    'Every call is signed over its body, so signing is part of what a send costs.',
    'SMTP has credentials of its own; port 25 is throttled on EC2.',
    'Rates are per account; no header tells them. Use the mailbox simulator as the recipient.'
  ]
}

function body(message: OutgoingMessage): Json {
  return {
    FromEmailAddress: message.from,
    Destination: { ToAddresses: [...message.to] },
    Content: {
      Simple: {
        Subject: utf8(message.subject),
        Body: {
          Text: utf8(message.text),
          ...(message.html === null ? {} : { Html: utf8(message.html) })
        },
        Headers: asPairs(markHeaders(message), 'Name', 'Value'),
        ...attached('Attachments', message, ({ filename, contentType, base64 }) => ({
          FileName: filename,
          RawContent: base64,
          ContentType: contentType
        }))
      }
    }
  }
}

/** SES takes a text for 7-bit ASCII unless it is told otherwise. */
function utf8(text: string): Json {
  return { Data: text, Charset: 'UTF-8' }
}
