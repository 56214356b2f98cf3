import { z } from 'zod'
import { PROVIDER_IDS } from '../providers/ids.ts'
import { HTTP_BODIES } from '../providers/provider.ts'
import { MAX_CONCURRENCY, MAX_RATE, MAX_SECONDS } from './bounds.ts'
import { MAILBOX, NULL_SENDER, parseMailbox, SENDER } from './mailbox.ts'

// The page's content security policy forbids code from strings, which zod would otherwise try.
z.config({ jitless: true })

/** Where a password comes from. A plan never holds one in plain text. */
const prefix = z.string().optional().describe('text in front of it, e.g. "Token "; for templates')
const secretRefSchema = z.union(
  [
    z.strictObject({ env: z.string().min(1).describe('name of an environment variable'), prefix }),
    z.strictObject({
      file: z.string().min(1).describe('path of a file; its last line break is dropped'),
      prefix
    }),
    z.strictObject({ secret: z.string().min(1).describe("id in the desktop app's keychain"), prefix })
  ],
  { error: '{ "env": NAME }, { "file": PATH } or { "secret": ID }; never the password itself' }
)

const port = z.int().min(1).max(65_535)
const seconds = z.number().positive().max(MAX_SECONDS)
const rate = z.number().positive().max(MAX_RATE)
const lanes = z.int().min(1).max(MAX_CONCURRENCY)

/** A name or an address. The brackets that URLs put around an IPv6 address are dropped. */
const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\s/@]*$/, { error: 'the name or address of a host' })
  .overwrite((text) => text.replace(/^\[(.*)\]$/, '$1'))

const mailbox = z
  .string()
  .regex(MAILBOX, { error: 'a mailbox like bench@example.com' })
  .refine((text) => !MAILBOX.test(text) || parseMailbox(text) !== null, {
    error: 'one mailbox by the grammar of RFC 5322, like bench@example.com'
  })
const sender = z
  .string()
  .regex(SENDER, {
    error: `a mailbox like bench@example.com, or "${NULL_SENDER}" for the null sender of bounces`
  })
  .refine((text) => !SENDER.test(text) || text === NULL_SENDER || parseMailbox(text) !== null, {
    error: 'one mailbox by the grammar of RFC 5322, like bench@example.com'
  })

/** A name as it stands in a path or behind an @: no scheme, no slash, no port. */
const domain = z
  .string()
  .max(253)
  .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}])?$/u, {
    error: 'a domain alone, like mg.example.com: without https://, port, slash or path'
  })

/** Who a client says it is: a domain, or an address literal in brackets (RFC 5321 section 4.1.3). */
const ehloName = z
  .string()
  .max(255)
  .regex(/^(?:[\p{L}\p{N}][\p{L}\p{N}_.-]*|\[[0-9A-Za-z:.-]+\])$/u, {
    error: 'a domain like mail.example.com, or an address in brackets like [192.0.2.1]'
  })

/** A header value: one line. A line break would let a plan forge headers. */
const oneLine = z.string().regex(/^[^\r\n]*$/, { error: 'text without line breaks' })

/** Text, or where to find it when it is secret. */
const textOrSecret = z.union([oneLine, secretRefSchema], {
  error: 'text without line breaks, or { "env": NAME }, { "file": PATH } or { "secret": ID }'
})
/** The same where there must be something. */
const someTextOrSecret = z.union([oneLine.min(1), secretRefSchema], {
  error: 'a user name, or { "env": NAME }, { "file": PATH } or { "secret": ID }'
})

export const messageSchema = z.strictObject({
  from: sender,
  to: z.array(mailbox).min(1).max(1000),
  subject: oneLine.default('Chattermark'),
  sizeBytes: z.int().min(0).max(50_000_000).default(2048).describe('length of the text; headers come on top'),
  html: z.boolean().default(false).describe('adds an HTML alternative of the same length'),
  attachments: z
    .array(
      z.strictObject({
        filename: oneLine.min(1),
        sizeBytes: z.int().min(0).max(50_000_000).describe('before base64')
      })
    )
    .default([])
})

const closedLoad = z.strictObject({
  model: z.literal('closed'),
  concurrency: lanes,
  messages: z.int().min(1).max(1_000_000_000).optional().describe('per transport, over all rounds'),
  durationSeconds: seconds.optional().describe('per transport, over all rounds')
})
export const openLoadSchema = z.strictObject({
  model: z.literal('open'),
  rate: rate.describe('sends per second that come due, whatever the peer does'),
  durationSeconds: seconds.describe('per transport, over all rounds'),
  arrivals: z.enum(['constant', 'poisson']).default('constant'),
  maxConcurrency: lanes.default(200)
})
const stagesLoad = z.strictObject({
  model: z.literal('stages'),
  maxConcurrency: lanes.default(200),
  arrivals: z.enum(['constant', 'poisson']).default('constant'),
  stages: z
    .array(
      z.strictObject({
        rate: z.number().min(0).max(MAX_RATE),
        durationSeconds: seconds,
        ramp: z.boolean().default(false).describe('from the rate before to this one, in a straight line')
      })
    )
    .min(1)
})

export const tlsSchema = z.strictObject({
  verify: z.boolean().default(true),
  caFile: z.string().min(1).nullable().default(null).describe('PEM file trusted beside the built-in roots'),
  serverName: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('name to verify and send as SNI, when it is not the host'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  maxVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.3'),
  resume: z.boolean().default(true)
})
const tls = tlsSchema.prefault({})

/** Also a part of file names, so that nothing else may stand in it. */
export const transportName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
  error: 'letters, digits, - and _ (asserts name transports, so no dots or spaces)'
})

const family = z
  .union([z.literal(4), z.literal(6)], { error: '4, 6 or null' })
  .nullable()
  .default(null)
  .describe('connect over IPv4 or IPv6 alone; null = as the addresses come (RFC 8305)')
const messagesPerConnection = z
  .int()
  .min(1)
  .nullable()
  .default(null)
  .describe('1 = a new connection each; N; null = as long as the peer allows')
const maxConnections = lanes
  .nullable()
  .default(null)
  .describe('open connections at most; null = as many as the load has sends in flight')

const smtpAuthSchema = z.strictObject({
  method: z.enum(['plain', 'login', 'cram-md5', 'xoauth2']).default('plain'),
  user: someTextOrSecret,
  password: secretRefSchema,
  initialResponse: z
    .boolean()
    .default(true)
    .describe('send the first answer with AUTH (RFC 4954): a turn less')
})

export const smtpTransportSchema = z.strictObject({
  name: transportName,
  protocol: z.literal('smtp'),
  client: z.enum(['wire', 'nodemailer']).default('wire'),
  provider: z.enum(PROVIDER_IDS).optional(),
  testMode: z.boolean().default(true).describe("use the provider's test mode or sink, where it has one"),
  host,
  port,
  security: z.enum(['none', 'starttls', 'tls']),
  ehloName: ehloName
    .nullable()
    .default(null)
    .describe(
      "name given in EHLO; null = this machine's full name, else the address that connects, in brackets"
    ),
  auth: smtpAuthSchema.nullable().default(null),
  family,
  messagesPerConnection,
  maxConnections,
  pipelining: z.enum(['auto', 'off']).default('auto'),
  chunking: z.enum(['auto', 'off']).default('off'),
  overlap: z.boolean().default(false).describe('content(n) and envelope(n+1) in one group (RFC 2920)'),
  tls
})

/** Any JSON value, for the body template of a generic API. */
const json: z.ZodType<unknown> = z.json()

export const httpTemplateSchema = z
  .strictObject({
    path: z.string().regex(/^\//, { error: 'a path that starts with "/"' }).default('/'),
    query: z
      .record(z.string(), textOrSecret)
      .default({})
      .describe(
        'parameters behind the path; a secret is { "env": NAME } or the like, here as in headers and body'
      ),
    headers: z.record(oneLine, textOrSecret).default({}),
    body: json.describe(
      'JSON; {{from}} {{to}} {{subject}} {{text}} {{html}} {{messageId}} are replaced in its strings'
    ),
    success: z.array(z.int().min(100).max(599)).min(1).default([200, 201, 202]),
    messageId: z
      .union([
        z.strictObject({ header: oneLine.min(1) }),
        z.strictObject({ json: z.array(z.union([z.string(), z.int()])).min(1) })
      ])
      .nullable()
      .default(null)
      .describe('where an accepted answer names the message; without it, another answer is not the API')
  })
  .describe('the call of a generic JSON API')

export const httpTransportSchema = z.strictObject({
  name: transportName,
  protocol: z.literal('http'),
  client: z.enum(['wire', 'undici']).default('wire'),
  provider: z.enum(PROVIDER_IDS).default('mailgun'),
  testMode: z.boolean().default(true).describe("use the provider's test mode or sink, where it has one"),
  url: z.url({ protocol: /^https?$/, error: 'an http:// or https:// address' }),
  domain: domain
    .nullable()
    .default(null)
    .describe('sending domain, where the provider puts it into the path'),
  auth: z
    .strictObject({
      user: someTextOrSecret
        .nullable()
        .default(null)
        .describe('Basic user, access key id, or nothing where a token is enough'),
      password: secretRefSchema
    })
    .nullable()
    .default(null),
  template: httpTemplateSchema.nullable().default(null),
  family,
  messagesPerConnection,
  maxConnections,
  http: z
    .strictObject({
      version: z.enum(['1.1', '2']).default('1.1'),
      keepAlive: z.boolean().default(true),
      body: z.enum(HTTP_BODIES).nullable().default(null).describe("null = the provider's own"),
      streams: z.int().min(1).max(1000).default(10).describe('HTTP/2: sends in flight on one connection')
    })
    .prefault({}),
  tls
})

export const transportSchema = z.discriminatedUnion('protocol', [smtpTransportSchema, httpTransportSchema])

export const loadSchema = z.discriminatedUnion('model', [closedLoad, openLoadSchema, stagesLoad])
export const roundsSchema = z.int().min(1).max(1000).default(6)

/** The network that a delay link on this machine puts between: distance, and what TCP makes of it. */
const emulateSchema = z.strictObject({
  rttMs: z.number().min(0).max(10_000).default(0),
  window: z
    .boolean()
    .default(true)
    .describe("keep TCP's window: what exceeds the first flight takes further round trips"),
  mbitPerSecond: z
    .number()
    .positive()
    .max(100_000)
    .nullable()
    .default(null)
    .describe('bandwidth of each direction, with a queue before it; null = no limit'),
  lossPercent: z.number().min(0).max(50).default(0).describe('of the segments, each way'),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('of the losses')
})

/** How long after its acceptance a message may still arrive before it counts as lost. */
const deadlineSeconds = seconds.default(120).describe('a message that has not arrived by then is lost')

export const sinkSchema = z.strictObject({
  receiver: z.literal('sink').describe('our own SMTP receiver, as the next hop of a relay or behind an MX'),
  host: host
    .default('127.0.0.1')
    .describe('address that the run listens on by itself; loopback unless told otherwise'),
  port: port.default(2525),
  url: z
    .url({ protocol: /^https?$/, error: 'an http:// or https:// address' })
    .nullable()
    .default(null)
    .describe(
      'of a "chattermark receive" that runs already, here or elsewhere; host and port are its own then'
    ),
  token: secretRefSchema.nullable().default(null).describe('that "chattermark receive" asks for'),
  deadlineSeconds
})

export const imapSchema = z.strictObject({
  receiver: z.literal('imap').describe('a mailbox that the messages are delivered to, looked at over IMAP'),
  host,
  port: port.default(993),
  security: z.enum(['none', 'starttls', 'tls']).default('tls'),
  auth: z.strictObject({
    method: z.enum(['plain', 'xoauth2']).default('plain'),
    user: someTextOrSecret,
    password: secretRefSchema.describe('password, or access token of xoauth2')
  }),
  folders: z
    .array(oneLine.min(1).max(200))
    .min(1)
    .max(10)
    .default(['INBOX'])
    .describe('folders in which a message has arrived'),
  junkFolders: z
    .array(oneLine.min(1).max(200))
    .max(10)
    .nullable()
    .default(null)
    .describe('folders whose messages count as junk; null = the one that the server calls so'),
  checkSeconds: z
    .number()
    .min(0.1)
    .max(600)
    .default(1)
    .describe('how often the server is asked beside its own news: times are known to this'),
  tls,
  deadlineSeconds
})

/** Where the messages end up, and how it is seen that they arrived. */
export const deliverySchema = z
  .discriminatedUnion('receiver', [sinkSchema, imapSchema])
  .describe('measure until messages have arrived, not only until they are accepted')

export const planSchema = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal(1),
  name: oneLine.min(1).max(200),
  message: messageSchema,
  load: loadSchema,
  warmupSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(1)
    .describe(
      'of the same load before each block, thrown away; in a closed load at least the first send of each slot'
    ),
  rounds: roundsSchema,
  seed: z.int().min(0).max(4_294_967_295).default(1),
  timeoutSeconds: z
    .number()
    .positive()
    .max(3600)
    .default(30)
    .describe('bounds each wait for the peer, connecting included'),
  sendTimeoutSeconds: z
    .number()
    .positive()
    .max(MAX_SECONDS)
    .nullable()
    .default(null)
    .describe('bounds a whole send; null = nothing does'),
  transports: z.array(transportSchema).min(1).max(50),
  emulate: emulateSchema.prefault({}),
  delivery: deliverySchema.optional(),
  assert: z.array(z.string()).default([])
})

/** A validated plan, with every default filled in. */
export type Plan = z.output<typeof planSchema>
/** A plan as its author writes it: what has a default may be left out. */
export type PlanInput = z.input<typeof planSchema>
export type SmtpTransport = z.output<typeof smtpTransportSchema>
export type HttpTransport = z.output<typeof httpTransportSchema>
export type Transport = SmtpTransport | HttpTransport
export type Message = z.output<typeof messageSchema>
export type Load = Plan['load']
export type SecretRef = z.output<typeof secretRefSchema>
export type Emulate = Plan['emulate']
export type DeliveryPlan = z.output<typeof deliverySchema>
export type ImapPlan = z.output<typeof imapSchema>
export type HttpTemplate = z.output<typeof httpTemplateSchema>

/** The JSON Schema of a plan as its author writes it (draft 2020-12), for editors and other programs. */
export function planJsonSchema(): unknown {
  return z.toJSONSchema(planSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (!PRESET_SCHEMAS.has(zodSchema)) return
      jsonSchema.required = jsonSchema.required?.filter((field) => !PRESET_FIELDS.has(field))
    }
  })
}

/** What a provider or a port's convention fills in, so that a plan may leave it out. */
const PRESET_FIELDS = new Set(['host', 'port', 'security', 'url', 'user'])
const PRESET_SCHEMAS = new Set<unknown>([smtpTransportSchema, httpTransportSchema, smtpAuthSchema])
