import { parseAssertion } from './assertion.ts'
import { didYouMean } from './did-you-mean.ts'
import type { HttpTransport, Load, Message, SmtpTransport, Transport } from './plan.ts'
import { bodyFault, httpSideOf } from './providers/index.ts'
import { jsonPath, type Fault } from './schema-faults.ts'

/** The parts of a plan that rules span. A part that is itself faulty is undefined, and no rule speaks of it. */
export interface PlanParts {
  rounds: number | undefined
  load: Load | undefined
  message: Message | undefined
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
  nameRules(parts, fault)
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
  if (transport.protocol === 'smtp') smtpRules(transport, at, fault)
  else httpRules(transport, message, at, fault)
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
  if (provider === 'generic' && template === null) {
    fault(
      [...at, 'template'],
      'the generic provider needs a template: what to send, and which answers mean accepted'
    )
  }
  const { username, password } = new URL(transport.url)
  if (username !== '' || password !== '') {
    fault([...at, 'url'], 'the address holds a user or a password; put them into "auth"')
  }
  const side = httpSideOf(transport)
  const refused = side === null ? null : bodyFault(side, http.body, message?.attachments.length ?? 0)
  if (refused !== null) fault([...at, 'http', 'body'], refused)
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
