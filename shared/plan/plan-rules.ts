import { parseAssertion } from '../insight/assertion.ts'
import { didYouMean } from '../text/did-you-mean.ts'
import {
  tlsSchema,
  type DeliveryPlan,
  type HttpTransport,
  type Load,
  type Message,
  type SmtpTransport,
  type Transport
} from './plan.ts'
import { MAX_MESSAGE_BYTES } from './bounds.ts'
import { messageBytes } from './message-size.ts'
import { BRACED, PLACEHOLDERS } from './placeholders.ts'
import { NULL_SENDER } from './mailbox.ts'
import { hostOf } from './plan-target.ts'
import { SANDBOX_HOST } from './sandbox-target.ts'
import { bodyFault, httpSideOf, isTemplated, providerOf } from '../providers/index.ts'
import { jsonPath, type Fault } from './schema-faults.ts'

/** The parts of a plan that rules span. A part that is itself faulty is undefined, and no rule speaks of it. */
export interface PlanParts {
  rounds: number | undefined
  load: Load | undefined
  message: Message | undefined
  /** The plan wants to see its messages arrive. */
  hasDelivery: boolean
  delivery: DeliveryPlan | undefined
  transports: readonly (Transport | undefined)[]
  /** The names of the transports, faulty ones too. */
  names: readonly (string | undefined)[]
  /** Undefined at the place of an assertion that is no text. */
  asserts: readonly (string | undefined)[]
}

type AddFault = (path: (string | number)[], message: string) => void

/** Faults that lie in how fields fit together. */
export function ruleFaults(parts: PlanParts): Fault[] {
  const faults: Fault[] = []
  const fault: AddFault = (path, message) => faults.push({ path: jsonPath(path), message })
  loadRules(parts, fault)
  messageRules(parts, fault)
  nameRules(parts, fault)
  deliveryRules(parts, fault)
  parts.transports.forEach((transport, index) => {
    if (transport !== undefined) transportRules(transport, parts.message, ['transports', index], fault)
  })
  assertRules(parts, fault)
  return faults
}

function loadRules({ load, rounds }: PlanParts, fault: AddFault): void {
  if (load?.model === 'stages' && load.stages.every(({ rate }) => rate === 0)) {
    fault(['load', 'stages'], 'found no rate above 0; allowed: at least one stage in which something is sent')
  }
  if (load?.model !== 'closed') return
  if ((load.messages === undefined) === (load.durationSeconds === undefined)) {
    fault(['load'], 'a closed load needs either "messages" or "durationSeconds", and not both')
  }
  if (load.messages !== undefined && rounds !== undefined && load.messages < rounds) {
    fault(
      ['load', 'messages'],
      `found ${load.messages}; allowed: at least one message per round (rounds is ${rounds})`
    )
  }
}

function messageRules({ message }: PlanParts, fault: AddFault): void {
  if (message === undefined || messageBytes(message) <= MAX_MESSAGE_BYTES) return
  const [found, allowed] = [messageBytes(message), MAX_MESSAGE_BYTES].map(
    (bytes) => `${Math.ceil(bytes / 1e6)} MB`
  )
  fault(
    ['message', message.attachments.length > 0 ? 'attachments' : 'sizeBytes'],
    `found a message of ${found} in all, attachments in base64; allowed: ${allowed} at most`
  )
}

/** A relay may pass a message to several recipients on as one copy or as several: which is a duplicate could not be told. */
function deliveryRules({ hasDelivery, delivery, message, transports }: PlanParts, fault: AddFault): void {
  if (hasDelivery && message !== undefined && message.to.length !== 1) {
    fault(
      ['message', 'to'],
      `found ${message.to.length} recipients; allowed: one, where the plan has a "delivery"`
    )
  }
  transports.forEach((transport, index) => {
    if (!hasDelivery || transport?.protocol !== 'http') return
    const { label, mark } = providerOf(transport.provider)
    if (mark.apiHeader !== 'refused') return
    fault(
      ['transports', index, 'provider'],
      `the API of ${label} takes no header of one's own, so that arrivals over it cannot be matched; leave "delivery" out, or use its SMTP`
    )
  })
  const isElsewhere = delivery?.receiver === 'imap' || (delivery !== undefined && delivery.url !== null)
  const atSandbox = transports.find((each) => each !== undefined && hostOf(each) === SANDBOX_HOST)
  if (isElsewhere && atSandbox !== undefined) {
    fault(
      ['delivery'],
      `the sandbox of ${atSandbox.name} passes its messages on to a sink that the run starts by itself, and to nothing else`
    )
  }
  if (delivery?.receiver === 'imap') {
    const twice = delivery.junkFolders?.find((name) => delivery.folders.includes(name))
    if (twice !== undefined) {
      fault(
        ['delivery', 'junkFolders'],
        `"${twice}" stands in "folders" as well; a message is junk or it is not`
      )
    }
  }
  if (delivery?.receiver !== 'sink') return
  if (delivery.url !== null && delivery.token === null) {
    fault(
      ['delivery', 'token'],
      'a receiver that runs already asks for its token; use { "env": NAME }, { "file": PATH } or { "secret": ID }'
    )
  }
  if (delivery.url === null && delivery.token !== null) {
    fault(['delivery', 'token'], 'a token is for a receiver that runs already; "url" says where')
  }
}

function nameRules({ names }: PlanParts, fault: AddFault): void {
  names.forEach((name, index) => {
    const twin = names.indexOf(name)
    if (name !== undefined && twin < index) {
      fault(
        ['transports', index, 'name'],
        `"${name}" is already the name of transports[${twin}]; names must differ`
      )
    }
  })
}

function transportRules(
  transport: Transport,
  message: Message | undefined,
  at: (string | number)[],
  fault: AddFault
): void {
  const { minVersion, maxVersion } = transport.tls
  if (minVersion > maxVersion) {
    fault([...at, 'tls', 'minVersion'], `${minVersion} is above maxVersion ${maxVersion}`)
  }
  const isSecure =
    transport.protocol === 'smtp' ? transport.security !== 'none' : /^https:/i.test(transport.url)
  const unused = isSecure ? [] : changedTls(transport)
  if (unused.length > 0) {
    const plain = transport.protocol === 'smtp' ? '"security": "none"' : 'an http:// address'
    fault(
      [...at, 'tls'],
      `found ${unused.join(', ')}, which ${plain} makes no use of; leave it out, or use TLS`
    )
  }
  if (transport.protocol === 'smtp') smtpRules(transport, at, fault)
  else httpRules(transport, message, at, fault)
}

/** Names of what a plan says of TLS that is not so by itself. */
function changedTls({ tls }: Transport): string[] {
  const usual: Readonly<Record<string, unknown>> = tlsSchema.parse({})
  return Object.entries(tls).flatMap(([name, value]) => (value === usual[name] ? [] : [name]))
}

function smtpRules(transport: SmtpTransport, at: (string | number)[], fault: AddFault): void {
  const rule = (broken: boolean, field: string, message: string): void => {
    if (broken) fault([...at, field], message)
  }
  const { auth, overlap, pipelining, chunking, messagesPerConnection } = transport
  const nodemailer = transport.client === 'nodemailer'
  rule(
    overlap && pipelining === 'off',
    'overlap',
    'overlap is a form of PIPELINING, which "pipelining": "off" forbids'
  )
  rule(
    overlap && chunking === 'auto',
    'overlap',
    'overlap ends each group with DATA; it cannot be combined with "chunking": "auto"'
  )
  rule(
    overlap && messagesPerConnection === 1,
    'overlap',
    'overlap needs a kept connection; messagesPerConnection is 1'
  )
  rule(nodemailer && overlap, 'overlap', 'nodemailer cannot overlap messages; use "client": "wire"')
  rule(
    nodemailer && chunking === 'auto',
    'chunking',
    'nodemailer does not speak CHUNKING; use "client": "wire"'
  )
  rule(
    nodemailer && pipelining === 'off',
    'pipelining',
    'nodemailer cannot turn PIPELINING off; use "client": "wire"'
  )
  if (nodemailer && (auth?.method === 'plain' || auth?.method === 'xoauth2') && !auth.initialResponse) {
    fault(
      [...at, 'auth', 'initialResponse'],
      'nodemailer always sends an initial response; use "client": "wire"'
    )
  }
}

function httpRules(
  transport: HttpTransport,
  message: Message | undefined,
  at: (string | number)[],
  fault: AddFault
): void {
  const { http, messagesPerConnection, provider, template } = transport
  if (!http.keepAlive && messagesPerConnection !== null && messagesPerConnection !== 1) {
    fault(
      [...at, 'messagesPerConnection'],
      'a connection is not kept when http.keepAlive is false; leave it out or use 1'
    )
  }
  if (isTemplated(provider) && template === null) {
    fault(
      [...at, 'template'],
      'the generic provider needs a template: what to send, and which answers mean accepted'
    )
  }
  const { username, password, hash } = new URL(transport.url)
  if (username !== '' || password !== '') {
    fault([...at, 'url'], 'the address holds a user or a password; put them into "auth"')
  }
  if (hash !== '') fault([...at, 'url'], `the address ends in "${hash}", which is never sent; leave it out`)
  if (message?.from === NULL_SENDER) {
    fault(['message', 'from'], `an API needs a sender; the null sender "${NULL_SENDER}" is SMTP's alone`)
  }
  if (template !== null) {
    templateRules(template, [...at, 'template'], fault)
    if (typeof template.body === 'string') {
      fault([...at, 'template', 'body'], 'found text; needed is JSON, like {"to": "{{to}}"}')
    }
  }
  const side = httpSideOf(transport)
  const refused = side === null ? null : bodyFault(side, http.body, message?.attachments.length ?? 0)
  if (refused !== null) fault([...at, 'http', 'body'], refused)
}

/** What is misspelt would be sent as it stands. */
function templateRules(value: unknown, at: (string | number)[], fault: AddFault): void {
  if (typeof value === 'string') {
    const isFilled = at.at(-1) !== 'path'
    for (const [braced, name = ''] of value.matchAll(BRACED)) {
      if (!isFilled) fault(at, `${braced} is not filled in here; only in query, headers and body`)
      else if (!PLACEHOLDERS.some((known) => known === name)) {
        const allowed = PLACEHOLDERS.map((known) => `{{${known}}}`).join(' ')
        fault(at, `found ${braced}; allowed: ${allowed}${didYouMean(name, PLACEHOLDERS)}`)
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      templateRules(entry, [...at, Array.isArray(value) ? Number(key) : key], fault)
    }
  }
}

function assertRules({ asserts, names }: PlanParts, fault: AddFault): void {
  const known = names.filter((name) => name !== undefined)
  asserts.forEach((text, index) => {
    if (text === undefined) return
    const assertion = parseAssertion(text)
    if (!assertion.ok) fault(['assert', index], assertion.message)
    else if (!known.includes(assertion.value.transport)) {
      const { transport } = assertion.value
      fault(['assert', index], `no transport is named "${transport}"${didYouMean(transport, known)}`)
    }
  })
}
