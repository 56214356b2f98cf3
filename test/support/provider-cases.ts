import type { ProviderId } from '../../shared/providers/ids.ts'
import { RUN_TAG } from './http-options.ts'

/** What a provider's documents show of one call, for message 7 of the small message with a password `secret-key`. */
export interface ProviderCase {
  provider: ProviderId
  /** Added to the transport. */
  transport?: Record<string, unknown>
  path: string
  contentType: string
  authorization: [name: string, value: string] | null
  body: string
  accepted: Answer
  throttled: Answer & { waitSeconds: number }
  refused: Answer
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string
}

const ID = `<${RUN_TAG}.0000000007@example.com>`
/** The five characters of text that the small message has. */
export const TEXT = 'The q'
const MARKS = `{"X-Chattermark-Run":"${RUN_TAG}","X-Chattermark-Id":"${ID}"}`
const PAIRS = (name: string, value: string): string =>
  `[{"${name}":"X-Chattermark-Run","${value}":"${RUN_TAG}"},{"${name}":"X-Chattermark-Id","${value}":"${ID}"}]`
const JSON_TYPE = 'application/json'
const BEARER: [string, string] = ['authorization', 'Bearer secret-key']
const BASIC_API: [string, string] = ['authorization', `Basic ${btoa('api:secret-key')}`]
const BOUNDARY = `----chattermark-${RUN_TAG}`
const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`

function multipart(fields: readonly (readonly [string, string])[]): string {
  const parts = fields.map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  return `${parts.join('')}--${BOUNDARY}--\r\n`
}

const MAILGUN_FIELDS = [
  ['from', 'from@example.com'],
  ['to', 'to@example.net'],
  ['subject', 'Hi'],
  ['text', TEXT],
  ['h:X-Chattermark-Run', RUN_TAG],
  ['h:Message-Id', ID],
  ['o:testmode', 'yes']
] as const
const MAILGUN = {
  accepted: { status: 200, body: `{"id":"<x@example.com>","message":"Queued. Thank you."}` },
  throttled: {
    status: 429,
    body: '{"message":"account-requests-per-sec limit exceeded, try again after 120 seconds"}',
    waitSeconds: 120
  },
  refused: { status: 401, body: 'Forbidden' }
}

/** One row per provider and body. */
export const PROVIDER_CASES: readonly ProviderCase[] = [
  {
    provider: 'mailgun',
    path: '/v3/example.com/messages',
    contentType: MULTIPART,
    authorization: BASIC_API,
    body: multipart(MAILGUN_FIELDS),
    ...MAILGUN
  },
  {
    provider: 'mailgun-eu',
    transport: { domain: 'mg.example.org', testMode: false, http: { body: 'form' } },
    path: '/v3/mg.example.org/messages',
    contentType: 'application/x-www-form-urlencoded',
    authorization: BASIC_API,
    body: `from=from%40example.com&to=to%40example.net&subject=Hi&text=The+q&h%3AX-Chattermark-Run=${RUN_TAG}&h%3AMessage-Id=%3C${RUN_TAG}.0000000007%40example.com%3E`,
    ...MAILGUN
  },
  {
    provider: 'sendgrid',
    path: '/v3/mail/send',
    contentType: JSON_TYPE,
    authorization: BEARER,
    body: `{"personalizations":[{"to":[{"email":"to@example.net"}]}],"from":{"email":"from@example.com"},"subject":"Hi","content":[{"type":"text/plain","value":"${TEXT}"}],"headers":${MARKS},"mail_settings":{"sandbox_mode":{"enable":true}}}`,
    accepted: { status: 202, headers: { 'x-message-id': 'abc' } },
    throttled: {
      status: 429,
      headers: { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': 'EPOCH+30' },
      body: '{"errors":[{"field":null,"message":"too many requests"}]}',
      waitSeconds: 30
    },
    refused: { status: 401, body: '{"errors":[{"message":"authorization required"}]}' }
  },
  {
    provider: 'postmark',
    path: '/email',
    contentType: JSON_TYPE,
    authorization: ['x-postmark-server-token', 'secret-key'],
    body: `{"From":"from@example.com","To":"to@example.net","Subject":"Hi","TextBody":"${TEXT}","Headers":${PAIRS('Name', 'Value')},"MessageStream":"outbound"}`,
    accepted: { status: 200, body: '{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a"}' },
    throttled: { status: 429, body: '{"ErrorCode":429,"Message":"Rate limit"}', waitSeconds: 0 },
    refused: { status: 200, body: '{"ErrorCode":406,"Message":"Inactive recipient"}' }
  },
  {
    provider: 'ses',
    transport: { auth: { user: 'AKIDEXAMPLE', password: { env: 'KEY' } } },
    path: '/v2/email/outbound-emails',
    contentType: JSON_TYPE,
    authorization: null,
    body: `{"FromEmailAddress":"from@example.com","Destination":{"ToAddresses":["to@example.net"]},"Content":{"Simple":{"Subject":{"Data":"Hi","Charset":"UTF-8"},"Body":{"Text":{"Data":"${TEXT}","Charset":"UTF-8"}},"Headers":${PAIRS('Name', 'Value')}}}}`,
    accepted: { status: 200, body: '{"MessageId":"0101"}' },
    throttled: { status: 400, body: '{"message":"Maximum sending rate exceeded."}', waitSeconds: 0 },
    refused: { status: 400, body: '{"message":"Email address is not verified."}' }
  },
  {
    provider: 'resend',
    path: '/emails',
    contentType: JSON_TYPE,
    authorization: BEARER,
    body: `{"from":"from@example.com","to":["to@example.net"],"subject":"Hi","text":"${TEXT}","headers":${MARKS}}`,
    accepted: { status: 200, body: '{"id":"49a3999c"}' },
    throttled: {
      status: 429,
      headers: { 'ratelimit-limit': '2', 'ratelimit-reset': '1', 'retry-after': '3' },
      body: '{"name":"rate_limit_exceeded"}',
      waitSeconds: 3
    },
    refused: { status: 422, body: '{"name":"validation_error"}' }
  },
  {
    provider: 'sparkpost',
    path: '/api/v1/transmissions',
    contentType: JSON_TYPE,
    authorization: ['authorization', 'secret-key'],
    body: `{"recipients":[{"address":"to@example.net"}],"content":{"from":"from@example.com","subject":"Hi","text":"${TEXT}","headers":${MARKS}}}`,
    accepted: {
      status: 200,
      body: '{"results":{"total_rejected_recipients":0,"total_accepted_recipients":1,"id":"11668787484950529"}}'
    },
    throttled: { status: 429, body: '{"errors":[{"message":"Too many requests"}]}', waitSeconds: 0 },
    refused: {
      status: 200,
      body: '{"results":{"total_rejected_recipients":1,"total_accepted_recipients":0,"id":"1"}}'
    }
  },
  {
    provider: 'brevo',
    path: '/v3/smtp/email',
    contentType: JSON_TYPE,
    authorization: ['api-key', 'secret-key'],
    body: `{"sender":{"email":"from@example.com"},"to":[{"email":"to@example.net"}],"subject":"Hi","textContent":"${TEXT}","headers":${MARKS.replace('}', ',"X-Sib-Sandbox":"drop"}')}}`,
    accepted: { status: 201, body: '{"messageId":"<2024@relay.domain.com>"}' },
    throttled: {
      status: 429,
      headers: { 'x-sib-ratelimit-limit': '1000', 'x-sib-ratelimit-reset': '8' },
      waitSeconds: 8
    },
    refused: { status: 400, body: '{"code":"invalid_parameter"}' }
  },
  {
    provider: 'mailjet',
    transport: { auth: { user: 'public', password: { env: 'KEY' } } },
    path: '/v3.1/send',
    contentType: JSON_TYPE,
    authorization: ['authorization', `Basic ${btoa('public:secret-key')}`],
    body: `{"Messages":[{"From":{"Email":"from@example.com"},"To":[{"Email":"to@example.net"}],"Subject":"Hi","TextPart":"${TEXT}","Headers":${MARKS}}],"SandboxMode":true}`,
    accepted: {
      status: 200,
      body: '{"Messages":[{"Status":"success","To":[{"Email":"to@example.net","MessageUUID":"1","MessageID":2}]}]}'
    },
    throttled: { status: 429, waitSeconds: 0 },
    refused: {
      status: 200,
      body: '{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"mj-0013","ErrorMessage":"invalid address"}]}]}'
    }
  },
  {
    provider: 'smtp2go',
    path: '/v3/email/send',
    contentType: JSON_TYPE,
    authorization: ['x-smtp2go-api-key', 'secret-key'],
    body: `{"sender":"from@example.com","to":["to@example.net"],"subject":"Hi","text_body":"${TEXT}","custom_headers":${PAIRS('header', 'value')}}`,
    accepted: {
      status: 200,
      body: '{"request_id":"aa","data":{"succeeded":1,"failed":0,"failures":[],"email_id":"1er8bV"}}'
    },
    throttled: { status: 429, body: '{"data":{"error":"rate limited"}}', waitSeconds: 0 },
    refused: {
      status: 200,
      body: '{"request_id":"aa","data":{"succeeded":0,"failed":1,"failures":["to@example.net: no"]}}'
    }
  },
  {
    provider: 'mailtrap',
    path: '/api/send',
    contentType: JSON_TYPE,
    authorization: BEARER,
    body: `{"from":{"email":"from@example.com"},"to":[{"email":"to@example.net"}],"subject":"Hi","text":"${TEXT}","headers":${MARKS}}`,
    accepted: { status: 200, body: '{"success":true,"message_ids":["0c7fd939"]}' },
    throttled: { status: 429, body: '{"success":false,"errors":["Too many requests"]}', waitSeconds: 0 },
    refused: { status: 401, body: '{"success":false,"errors":["Unauthorized"]}' }
  },
  {
    provider: 'mailersend',
    path: '/v1/email',
    contentType: JSON_TYPE,
    authorization: BEARER,
    body: `{"from":{"email":"from@example.com"},"to":[{"email":"to@example.net"}],"subject":"Hi","text":"${TEXT}\\r\\n${ID}"}`,
    accepted: { status: 202, headers: { 'x-message-id': '5e42957d51f1d94a1070a733' } },
    throttled: {
      status: 429,
      headers: { 'retry-after': '42' },
      body: '{"message":"Too Many Attempts."}',
      waitSeconds: 42
    },
    refused: { status: 422, body: '{"message":"The given data was invalid."}' }
  },
  {
    provider: 'mailpit',
    transport: { auth: null },
    path: '/api/v1/send',
    contentType: JSON_TYPE,
    authorization: null,
    body: `{"From":{"Email":"from@example.com"},"To":[{"Email":"to@example.net"}],"Subject":"Hi","Text":"${TEXT}","Headers":${MARKS}}`,
    accepted: { status: 200, body: '{"ID":"iAfZVVe2UQfNSG5BAjgYwa"}' },
    throttled: { status: 503, headers: { 'retry-after': '1' }, waitSeconds: 1 },
    refused: { status: 413, body: '{"Error":"too large"}' }
  },
  {
    provider: 'generic',
    transport: {
      template: {
        path: '/send?x=1',
        headers: { 'X-Own': 'about {{messageId}}' },
        body: {
          a: '{{from}}',
          b: ['{{to}} {{subject}}', 1, null],
          c: { d: '{{text}}|{{html}}|{{messageId}}' }
        },
        success: [202]
      }
    },
    path: '/send?x=1',
    contentType: JSON_TYPE,
    authorization: BEARER,
    body: `{"a":"from@example.com","b":["to@example.net Hi",1,null],"c":{"d":"${TEXT}||${ID}"}}`,
    accepted: { status: 202 },
    throttled: { status: 503, headers: { 'retry-after': 'DATE+60' }, waitSeconds: 60 },
    refused: { status: 500, body: 'boom' }
  }
]
