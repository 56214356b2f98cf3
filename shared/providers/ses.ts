import type { Json, OutgoingMessage, Provider } from './provider.ts'
import { asPairs, jsonCall, markHeaders, NO_LIMITS, THROTTLED } from './provider.ts'

/**
 * Amazon SES: API v2 (`SendEmail`, simple content), signed with Signature Version 4.
 * Sources: docs.aws.amazon.com/ses/latest/APIReference-V2 (SendEmail, EmailContent), /ses/latest/dg (quotas,
 * manage-sending-quotas-errors, smtp-connect, send-an-email-from-console for the mailbox simulator, attachments).
 */
export const ses: Provider = {
  id: 'ses',
  label: 'Amazon SES',
  smtp: {
    hosts: [],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2587, security: 'starttls' },
      { port: 2465, security: 'tls' },
      { port: 25, security: 'starttls' }
    ],
    user: null,
    testHeaders: {},
    limits: NO_LIMITS
  },
  http: {
    urls: [],
    auth: { scheme: 'sigv4', service: 'ses' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => jsonCall(options, '/v2/email/outbound-emails', body(message)),
    accepted: [200],
    messageId: { in: 'json', path: ['MessageId'] },
    throttled: THROTTLED,
    // A ThrottlingException is a 400 like every other refusal; its text is what is documented.
    throttledText: /rate exceeded|message quota exceeded/i,
    resetHeader: null,
    testMode: false,
    limits: NO_LIMITS
  },
  sinks: { mailboxes: [], domains: ['simulator.amazonses.com'] },
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
        ...(message.attachments.length === 0
          ? {}
          : {
              Attachments: message.attachments.map(({ filename, contentType, base64 }) => ({
                FileName: filename,
                RawContent: base64,
                ContentType: contentType
              }))
            })
      }
    }
  }
}

/** SES takes a text for 7-bit ASCII unless it is told otherwise. */
function utf8(text: string): Json {
  return { Data: text, Charset: 'UTF-8' }
}
