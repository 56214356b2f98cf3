import {
  httpTemplateSchema,
  httpTransportSchema,
  imapSchema,
  openLoadSchema,
  planSchema,
  sinkSchema,
  smtpTransportSchema
} from '../../shared/plan/plan.ts'
import { type PathStep, valueAt } from '../../shared/plan/plan-path.ts'

/*
 * What a field holds when the author leaves it out, read from the schema itself: the smallest valid
 * transport and plan are parsed once, and every value that the schema filled in is a default.
 */
const required = { name: 'x', host: 'x', port: 25, security: 'none' } as const
const SMTP = smtpTransportSchema.parse({ ...required, protocol: 'smtp' })
const SMTP_AUTH = smtpTransportSchema.shape.auth.parse({ user: 'x', password: { env: 'X' } })
const HTTP = httpTransportSchema.parse({ name: 'x', protocol: 'http', url: 'http://127.0.0.1' })
/** The provider of an HTTP transport that names none. */
export const DEFAULT_HTTP_PROVIDER = HTTP.provider
const HTTP_TEMPLATE = httpTemplateSchema.parse({ body: {} })
const OPEN_LOAD = openLoadSchema.pick({ arrivals: true, maxConcurrency: true }).parse({})
const SINK = sinkSchema.parse({ receiver: 'sink' })
const IMAP = imapSchema.parse({
  receiver: 'imap',
  host: 'x',
  auth: { user: 'x', password: { env: 'X' } }
})
const PLAN = planSchema.parse({
  schema: 1,
  name: 'x',
  message: { from: 'a@example.com', to: ['b@example.com'] },
  load: { model: 'closed', concurrency: 1, messages: 6 },
  transports: [{ ...required, protocol: 'smtp' }]
})

const REQUIRED = new Set([
  'name',
  'host',
  'port',
  'security',
  'url',
  'user',
  'password',
  'from',
  'to',
  'body'
])

/** The value that a left-out field of a plan stands for; undefined where the field is required or unknown. */
export function defaultAt(plan: unknown, steps: readonly PathStep[]): unknown {
  const last = steps.at(-1)
  if (typeof last === 'string' && REQUIRED.has(last)) return undefined
  const [area, index, ...rest] = steps
  switch (area) {
    case 'load':
      return valueAt(OPEN_LOAD, steps.slice(1))
    case 'transports': {
      const http = valueAt(plan, [area, index ?? 0, 'protocol']) === 'http'
      if (rest[0] === 'auth' && rest.length > 1) return http ? undefined : valueAt(SMTP_AUTH, rest.slice(1))
      if (rest[0] === 'template' && rest.length > 1) return valueAt(HTTP_TEMPLATE, rest.slice(1))
      return valueAt(http ? HTTP : SMTP, rest)
    }
    case 'delivery': {
      const isImap = valueAt(plan, ['delivery', 'receiver']) === 'imap'
      return steps.length === 1 ? undefined : valueAt(isImap ? IMAP : SINK, steps.slice(1))
    }
    case 'message':
    case 'warmupSeconds':
    case 'rounds':
    case 'seed':
    case 'timeoutSeconds':
    case 'emulate':
      return valueAt(PLAN, steps)
    default:
      return undefined
  }
}
