import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planJsonSchema } from '../../shared/plan/plan.ts'
import type { Fault } from '../../shared/plan/schema-faults.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { planInput } from '../support/records.ts'

/** The sound plan with one value set at a path, or taken away with `undefined`. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const plan: unknown = JSON.parse(JSON.stringify(planInput()))
  let at = plan as Record<string | number, unknown>
  for (const part of path.slice(0, -1)) at = (at[part] ??= {}) as Record<string | number, unknown>
  const last = path.at(-1)!
  if (value === undefined) delete at[last]
  else at[last] = value
  return plan
}

function faultsOf(plan: unknown): Fault[] {
  const parsed = parsePlan(plan)
  return parsed.ok ? [] : parsed.faults
}

test('a sound plan is filled with its defaults', () => {
  const parsed = parsePlan(planInput())
  expect(parsed).toMatchObject({
    ok: true,
    plan: {
      rounds: 6,
      timeoutSeconds: 30,
      transports: [
        { client: 'wire', pipelining: 'auto', tls: { verify: true } },
        { http: { version: '1.1', keepAlive: true } }
      ]
    }
  })
})

const env = { env: 'SMTP_PASSWORD' }
const smtp = ['transports', 0] as const
const api = ['transports', 1] as const

test.each<[why: string, path: readonly (string | number)[], value: unknown, fault: Fault]>([
  [
    'a missing field',
    ['name'],
    undefined,
    { path: 'name', message: 'found nothing; allowed: a text; the field is required' }
  ],
  [
    'a missing choice',
    [...smtp, 'protocol'],
    undefined,
    {
      path: 'transports[0].protocol',
      message: 'found nothing; allowed: "smtp", "http"; the field is required'
    }
  ],
  [
    'a wrong type',
    ['timeoutSeconds'],
    '30',
    { path: 'timeoutSeconds', message: 'found "30"; allowed: a number' }
  ],
  [
    'a list where an object belongs',
    ['message'],
    [],
    { path: 'message', message: 'found an empty list; allowed: an object' }
  ],
  [
    'a null where an object belongs',
    [...smtp],
    null,
    { path: 'transports[0]', message: 'found null; allowed: an object' }
  ],
  [
    'half a port',
    [...smtp, 'port'],
    1.5,
    { path: 'transports[0].port', message: 'found 1.5; allowed: a whole number' }
  ],
  [
    'a port out of range',
    [...smtp, 'port'],
    65_536,
    { path: 'transports[0].port', message: 'found 65536; allowed: at most 65535' }
  ],
  [
    'a rate of zero',
    ['load'],
    { model: 'open', rate: 0, durationSeconds: 1 },
    { path: 'load.rate', message: 'found 0; allowed: more than 0' }
  ],
  [
    'no recipient',
    ['message', 'to'],
    [],
    { path: 'message.to', message: 'found an empty list; allowed: at least 1 entry' }
  ],
  [
    'an unknown field',
    ['trnasports'],
    [],
    { path: 'trnasports', message: 'unknown field; did you mean "transports"?' }
  ],
  [
    'an unknown field in an object',
    ['message', 'sizebytes'],
    1,
    { path: 'message.sizebytes', message: 'unknown field; did you mean "sizeBytes"?' }
  ],
  [
    'an unknown field of a transport',
    [...smtp, 'prot'],
    1,
    { path: 'transports[0].prot', message: 'unknown field; did you mean "port"?' }
  ],
  [
    'an unknown field deep in a transport',
    [...smtp, 'tls'],
    { verfy: true },
    { path: 'transports[0].tls.verfy', message: 'unknown field; did you mean "verify"?' }
  ],
  [
    'a field without its unit',
    ['timeout'],
    30,
    { path: 'timeout', message: 'unknown field; did you mean "timeoutSeconds"?' }
  ],
  [
    'stages that send nothing',
    ['load'],
    { model: 'stages', stages: [{ rate: 0, durationSeconds: 10 }] },
    {
      path: 'load.stages',
      message: 'found no rate above 0; allowed: at least one stage in which something is sent'
    }
  ],
  [
    "another protocol's field",
    [...api, 'pipelining'],
    'off',
    { path: 'transports[1].pipelining', message: 'unknown field' }
  ],
  [
    'an unknown field of a load',
    ['load', 'mesages'],
    1,
    { path: 'load.mesages', message: 'unknown field; did you mean "messages"?' }
  ],
  [
    'an unknown protocol',
    [...smtp, 'protocol'],
    'smpt',
    { path: 'transports[0].protocol', message: 'found "smpt"; allowed: "smtp", "http"; did you mean "smtp"?' }
  ],
  [
    'an unknown load',
    ['load', 'model'],
    'opne',
    { path: 'load.model', message: 'found "opne"; allowed: "closed", "open", "stages"; did you mean "open"?' }
  ],
  [
    "another protocol's client",
    [...api, 'client'],
    'nodemailer',
    { path: 'transports[1].client', message: 'found "nodemailer"; allowed: "wire", "undici"' }
  ],
  [
    'a line break in an address',
    ['message', 'to'],
    ['a@b.test\r\nDATA'],
    {
      path: 'message.to[0]',
      message: 'found "a@b.test\\r\\nDATA"; allowed: a mailbox like bench@example.com'
    }
  ],
  [
    'a line break in a subject',
    ['message', 'subject'],
    'a\nBcc: x',
    { path: 'message.subject', message: 'found "a\\nBcc: x"; allowed: text without line breaks' }
  ],
  [
    'a line break in a host',
    [...smtp, 'host'],
    'a\r\nb',
    { path: 'transports[0].host', message: 'found "a\\r\\nb"; allowed: the name or address of a host' }
  ],
  [
    'a name with a dot',
    [...api, 'name'],
    'a.b',
    {
      path: 'transports[1].name',
      message:
        'found "a.b"; allowed: letters, digits, - and _ (asserts name transports, so no dots or spaces)'
    }
  ],
  [
    'a long text is not repeated',
    ['name'],
    'x'.repeat(201),
    { path: 'name', message: 'found a text of 201 characters; allowed: at most 200 characters' }
  ],
  [
    'a wrong address',
    [...api, 'url'],
    'ftp://u:geheim@x',
    { path: 'transports[1].url', message: 'found "ftp://***@x"; allowed: an http:// or https:// address' }
  ],
  [
    'a password in an address',
    [...api, 'url'],
    'https://u:geheim@x',
    { path: 'transports[1].url', message: 'the address holds a user or a password; put them into "auth"' }
  ],
  [
    'no end of a closed load',
    ['load', 'messages'],
    undefined,
    { path: 'load', message: 'a closed load needs either "messages" or "durationSeconds", and not both' }
  ],
  [
    'two ends of a closed load',
    ['load', 'durationSeconds'],
    5,
    { path: 'load', message: 'a closed load needs either "messages" or "durationSeconds", and not both' }
  ],
  [
    'fewer messages than rounds',
    ['load', 'messages'],
    5,
    { path: 'load.messages', message: 'found 5; allowed: at least one message per round (rounds is 6)' }
  ],
  [
    'a name given twice',
    [...api, 'name'],
    'smtp',
    { path: 'transports[1].name', message: '"smtp" is already the name of transports[0]; names must differ' }
  ],
  [
    'TLS versions turned round',
    [...smtp, 'tls'],
    { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' },
    { path: 'transports[0].tls.minVersion', message: 'TLSv1.3 is above maxVersion TLSv1.2' }
  ],
  [
    'a body that the provider does not take',
    [...api, 'http'],
    { keepAlive: false, body: 'json' },
    { path: 'transports[1].http.body', message: 'found "json"; allowed: "multipart", "form", "mime"' }
  ],
  [
    'attachments too large in all',
    ['message', 'attachments'],
    Array.from({ length: 4 }, (_, index) => ({ filename: `${index}.bin`, sizeBytes: 50_000_000 })),
    {
      path: 'message.attachments',
      message: 'found a message of 274 MB in all, attachments in base64; allowed: 100 MB at most'
    }
  ],
  [
    'TLS settings where there is no TLS',
    [...smtp],
    {
      name: 'smtp',
      protocol: 'smtp',
      host: 'localhost',
      port: 25,
      security: 'none',
      tls: { caFile: 'ca.pem' }
    },
    {
      path: 'transports[0].tls',
      message: 'found caFile, which "security": "none" makes no use of; leave it out, or use TLS'
    }
  ],
  [
    'a misspelt placeholder, which would be sent as it stands',
    [...api],
    {
      ...{ name: 'api', protocol: 'http', provider: 'generic', url: 'https://localhost' },
      template: { body: { mail: [{ rcpt: '{{to}}', text: 'x {{txet}}' }] } }
    },
    {
      path: 'transports[1].template.body.mail[0].text',
      message:
        'found {{txet}}; allowed: {{from}} {{to}} {{subject}} {{text}} {{html}} {{messageId}}; did you mean "text"?'
    }
  ],
  [
    'a template that is no JSON, which would be sent as one text',
    [...api],
    {
      ...{ name: 'api', protocol: 'http', provider: 'generic', url: 'https://localhost' },
      template: { body: '{"to": {{to}}' }
    },
    { path: 'transports[1].template.body', message: 'found text; needed is JSON, like {"to": "{{to}}"}' }
  ],
  [
    'an assertion that cannot be read',
    ['assert'],
    ['api.response.p99 <'],
    {
      path: 'assert[0]',
      message:
        'cannot read "api.response.p99 <"; allowed: TRANSPORT.FIELD OP NUMBER, like "api.response.p99 < 250" or "api.failed < 10 abort after 5s"'
    }
  ],
  [
    'an assertion about nobody',
    ['assert'],
    ['apo.failed == 0'],
    { path: 'assert[0]', message: 'no transport is named "apo"; did you mean "api"?' }
  ],
  [
    'an assertion that is no text',
    ['assert'],
    [5],
    { path: 'assert[0]', message: 'found 5; allowed: a text' }
  ]
])('%s is one fault with its path, what was found and what is allowed', (_why, path, value, fault) => {
  expect(faultsOf(changed(path, value))).toEqual([fault])
})

test.each([
  [{ pipelining: 'off', overlap: true }, 'transports[0].overlap', /PIPELINING/],
  [{ chunking: 'auto', overlap: true }, 'transports[0].overlap', /chunking/],
  [{ messagesPerConnection: 1, overlap: true }, 'transports[0].overlap', /kept connection/],
  [{ client: 'nodemailer', overlap: true }, 'transports[0].overlap', /client": "wire"/],
  [{ client: 'nodemailer', chunking: 'auto' }, 'transports[0].chunking', /client": "wire"/],
  [{ client: 'nodemailer', pipelining: 'off' }, 'transports[0].pipelining', /client": "wire"/],
  [
    {
      client: 'nodemailer',
      auth: { method: 'plain', user: 'u', password: { env: 'P' }, initialResponse: false }
    },
    'transports[0].auth.initialResponse',
    /client": "wire"/
  ]
])('a transport that contradicts itself is told so: %j', (fields, path, message) => {
  expect(faultsOf(changed([...smtp], { ...planInput().transports[0], ...fields }))).toEqual([
    { path, message: expect.stringMatching(message) as string }
  ])
})

test.each([
  ['in plain text', 'hunter2'],
  ['under another key', { plain: 'hunter2' }],
  ['beside a reference', { ...env, value: 'hunter2' }],
  ['in a list', ['hunter2']]
])('a password %s is a fault that never shows it', (_why, password) => {
  const faults = faultsOf(changed([...smtp, 'auth'], { user: 'u', password }))
  expect(faults).toHaveLength(1)
  expect(faults[0]!.path).toMatch(/^transports\[0\]\.auth\.password/)
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})

test('faults between fields are told together with faults of other fields', () => {
  const plan = { ...planInput(), rounds: 700, timeoutSeconds: 'x', assert: ['nobody.failed == 0'], extra: 1 }
  expect(
    faultsOf(plan)
      .map(({ path }) => path)
      .sort()
  ).toEqual(['assert[0]', 'extra', 'load.messages', 'timeoutSeconds'])
})

test.each([[null], [undefined], ['text'], [5], [[]], [{}], [{ transports: 5 }], [{ transports: [null, 5] }]])(
  'what is no plan at all has faults: %j',
  (input) => {
    expect(faultsOf(input).length).toBeGreaterThan(0)
  }
)

test('no JSON whatever makes the check throw', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('load', 'message', 'transports', 'assert', 'emulate'),
      (json, field) => {
        expect(() => parsePlan(json)).not.toThrow()
        expect(() => parsePlan({ ...planInput(), [field]: json })).not.toThrow()
        expect(() => parsePlan(changed([...smtp, 'auth'], json))).not.toThrow()
      }
    )
  )
})

test('the published schema accepts what the check accepts, and refuses an unknown field', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(planJsonSchema() as object)
  expect(validate(planInput())).toBe(true)
  expect(validate({ ...planInput(), extra: 1 })).toBe(false)
})
