import { z } from 'zod'
import { ruleFaults, type PlanParts } from './plan-rules.ts'
import { applyPresets } from './presets.ts'
import { PROVIDER_IDS } from './providers/ids.ts'
import { schemaFaults, type Fault } from './schema-faults.ts'

export type { Fault } from './schema-faults.ts'

// The page's content security policy forbids code from strings, which zod would otherwise try.
z.config({ jitless: true })

/** Where a password comes from. A plan never holds one in plain text. */
export const secretRefSchema = z.union(
  [
    z.strictObject({ env: z.string().min(1).describe('name of an environment variable') }),
    z.strictObject({ file: z.string().min(1).describe('path of a file; its last line break is dropped') }),
    z.strictObject({ secret: z.string().min(1).describe("id in the desktop app's keychain") })
  ],
  { error: '{ "env": NAME }, { "file": PATH } or { "secret": ID }; never the password itself' }
)

const port = z.int().min(1).max(65_535)
const seconds = z.number().positive().max(86_400)
const rate = z.number().positive().max(1_000_000)
const lanes = z.int().min(1).max(10_000)

/** A name or an address, IPv6 without brackets. */
const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\s/@]*$/, { error: 'the name or address of a host' })

/** A mailbox as it stands in an envelope: something, one @, a domain; no spaces, no line breaks, no angle brackets. */
// eslint-disable-next-line no-control-regex -- control characters are what must be kept out of an SMTP command
const mailbox = z.string().regex(/^[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+$/, {
  error: 'a mailbox like bench@example.com'
})

/** A header value: one line. A line break would let a plan forge headers. */
const oneLine = z.string().regex(/^[^\r\n]*$/, { error: 'text without line breaks' })

export const messageSchema = z.strictObject({
  from: mailbox,
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
const openLoad = z.strictObject({
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
        rate: z.number().min(0).max(1_000_000),
        durationSeconds: seconds,
        ramp: z.boolean().default(false).describe('from the rate before to this one, in a straight line')
      })
    )
    .min(1)
})

const tlsSchema = z.strictObject({
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

const transportName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
  error: 'letters, digits, - and _ (asserts name transports, so no dots or spaces)'
})

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

export const smtpTransportSchema = z.strictObject({
  name: transportName,
  protocol: z.literal('smtp'),
  client: z.enum(['wire', 'nodemailer']).default('wire'),
  provider: z.enum(PROVIDER_IDS).optional(),
  testMode: z.boolean().default(true).describe("use the provider's test mode or sink, where it has one"),
  host,
  port,
  security: z.enum(['none', 'starttls', 'tls']),
  auth: z
    .strictObject({
      method: z.enum(['plain', 'login', 'cram-md5', 'xoauth2']).default('plain'),
      user: oneLine.min(1),
      password: secretRefSchema,
      initialResponse: z
        .boolean()
        .default(true)
        .describe('send the first answer with AUTH (RFC 4954): a turn less')
    })
    .nullable()
    .default(null),
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
    path: z.string().startsWith('/').default('/'),
    headers: z.record(oneLine, oneLine).default({}),
    body: json.describe(
      'JSON; {{from}} {{to}} {{subject}} {{text}} {{html}} {{messageId}} are replaced in its strings'
    ),
    success: z.array(z.int().min(100).max(599)).min(1).default([200, 201, 202])
  })
  .describe('the call of a generic JSON API')

export const httpTransportSchema = z.strictObject({
  name: transportName,
  protocol: z.literal('http'),
  client: z.enum(['wire', 'undici']).default('wire'),
  provider: z.enum(PROVIDER_IDS).default('mailgun'),
  testMode: z.boolean().default(true).describe("use the provider's test mode or sink, where it has one"),
  url: z.url({ protocol: /^https?$/, error: 'an http:// or https:// address' }),
  domain: oneLine
    .min(1)
    .nullable()
    .default(null)
    .describe('sending domain, where the provider puts it into the path'),
  auth: z
    .strictObject({
      user: oneLine
        .min(1)
        .nullable()
        .default(null)
        .describe('Basic user, access key id, or nothing where a token is enough'),
      password: secretRefSchema
    })
    .nullable()
    .default(null),
  template: httpTemplateSchema.nullable().default(null),
  messagesPerConnection,
  maxConnections,
  http: z
    .strictObject({
      version: z.enum(['1.1', '2']).default('1.1'),
      keepAlive: z.boolean().default(true),
      body: z
        .enum(['form', 'multipart', 'json', 'mime'])
        .nullable()
        .default(null)
        .describe("null = the provider's own"),
      streams: z.int().min(1).max(1000).default(10).describe('HTTP/2: sends in flight on one connection')
    })
    .prefault({}),
  tls
})

const transportSchema = z.discriminatedUnion('protocol', [smtpTransportSchema, httpTransportSchema])

const loadSchema = z.discriminatedUnion('model', [closedLoad, openLoad, stagesLoad])
const rounds = z.int().min(1).max(1000).default(6)

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
    .describe('of the same load before each block, thrown away'),
  rounds,
  seed: z.int().min(0).max(4_294_967_295).default(1),
  timeoutSeconds: z.number().positive().max(3600).default(30),
  transports: z.array(transportSchema).min(1).max(50),
  emulate: z.strictObject({ rttMs: z.number().min(0).max(10_000).default(0) }).prefault({}),
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
export type HttpTemplate = z.output<typeof httpTemplateSchema>

export type PlanResult = { ok: true; plan: Plan } | { ok: false; faults: Fault[] }

/**
 * Validates a plan that was read from JSON: provider presets are filled in, then every fault is reported at
 * once, those between fields too, as far as the fields that they span are sound themselves.
 */
export function parsePlan(raw: unknown): PlanResult {
  const preset = applyPresets(raw)
  const parsed = planSchema.safeParse(preset)
  const faults = [
    ...(parsed.success ? [] : schemaFaults(planSchema, preset, parsed.error.issues)),
    ...ruleFaults(soundParts(preset))
  ]
  return parsed.success && faults.length === 0 ? { ok: true, plan: parsed.data } : { ok: false, faults }
}

/** The parts of a plan that are right, each by itself. */
function soundParts(raw: unknown): PlanParts {
  const field = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const transports = list(field(raw, 'transports'))
  return {
    rounds: rounds.safeParse(field(raw, 'rounds')).data,
    load: loadSchema.safeParse(field(raw, 'load')).data,
    message: messageSchema.safeParse(field(raw, 'message')).data,
    transports: transports.map((entry) => transportSchema.safeParse(entry).data),
    names: transports.map((entry) => text(field(entry, 'name'))),
    asserts: list(field(raw, 'assert')).map(text)
  }
}

/** The JSON Schema of a plan as its author writes it (draft 2020-12), for editors and other programs. */
export function planJsonSchema(): unknown {
  return z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any' })
}

/** Sends in flight at most that a load asks for. */
export function loadConcurrency(load: Load): number {
  return load.model === 'closed' ? load.concurrency : load.maxConcurrency
}
