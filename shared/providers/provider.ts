import type { ProviderId } from './ids.ts'

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** The message that a call carries, in the pieces that an API asks for. */
export interface OutgoingMessage {
  from: string
  to: readonly string[]
  subject: string
  text: string
  html: string | null
  attachments: readonly { filename: string; contentType: string; base64: string }[]
  /** With its angle brackets. */
  messageId: string
  /** Headers that mark the message, by name. */
  headers: Readonly<Record<string, string>>
}

/** Header that carries the message's own number where an API makes the Message-ID itself. */
export const ID_HEADER = 'X-Chattermark-Id'

/** How a body can be written. `mime` is a multipart form with the whole message as a file. */
export const HTTP_BODIES = ['form', 'multipart', 'json', 'mime'] as const
export type HttpBody = (typeof HTTP_BODIES)[number]

/** One field of a form. A file is an attachment by its number, or the whole message. */
export type FormField =
  | { name: string; value: string }
  | { name: string; attachment: number }
  | { name: string; wholeMessage: true; filename: string }

export type CallBody = { kind: 'form'; fields: FormField[] } | { kind: 'json'; value: Json }

/** What one call says besides its authorization: enough to show it, and for the Node side to write its bytes. */
export interface ProviderCall {
  method: 'POST'
  /** Path on the API's host, already escaped. */
  path: string
  headers: Readonly<Record<string, string>>
  body: CallBody
}

export interface CallOptions {
  /** Path of the API's address, without a slash at its end; empty when it has none. */
  basePath: string
  /** Sending domain, where the path names it. */
  domain: string
  testMode: boolean
  body: HttpBody
}

/** How a call is authorized. `basic-or-bearer`: Basic when the plan names a user, else Bearer. */
export type HttpAuth =
  | { scheme: 'basic' | 'bearer' | 'basic-or-bearer' }
  | { scheme: 'header'; name: string }
  | { scheme: 'sigv4'; service: string }

/** Where an accepted answer names the message. */
export type MessageIdPlace =
  { in: 'header'; name: string } | { in: 'json'; path: readonly (string | number)[] }

/** Documented limits; null where the provider documents none. Every one is a default, to be overridden. */
export interface Limits {
  messagesPerConnection: number | null
  connections: number | null
  perSecond: number | null
}

export interface HttpSide {
  /** Addresses of the API, the default first. Empty when only the user can know. */
  urls: readonly { label: string; url: string }[]
  auth: HttpAuth
  /** User that is the same for every account; null when there is none or it differs. */
  user: string | null
  /** Bodies that the API takes, its own choice first. */
  bodies: readonly [HttpBody, ...HttpBody[]]
  describeCall(message: OutgoingMessage, options: CallOptions): ProviderCall
  /** Statuses that mean accepted. */
  accepted: readonly number[]
  /** Why an answer with such a status refuses the message all the same; null when it does not. Absent where the status says all. */
  refusal?: (answer: unknown) => string | null
  messageId: MessageIdPlace | null
  /** Statuses by which it asks to slow down. */
  throttled: readonly number[]
  /** Words by which a refusal with another status asks for the same. Absent where the status says all. */
  throttledText?: RegExp
  /** Header that tells when its rate limit is over, beside the standard Retry-After (RFC 9110, section 10.2.3). */
  resetHeader: { name: string; unit: 'seconds' | 'epoch' } | null
  /** The call itself can say that the message is a test. */
  testMode: boolean
  limits: Limits
}

export interface SmtpSide {
  /** Names of the submission server, the default first. Empty when only the user can know. */
  hosts: readonly { label: string; host: string }[]
  /** Ports that it documents, the recommended one first. */
  ports: readonly { port: number; security: 'none' | 'starttls' | 'tls' }[]
  /** User that is the same for every account; null when it differs. */
  user: string | null
  /** Headers that make a message a test. */
  testHeaders: Readonly<Record<string, string>>
  limits: Limits
}

/** Recipients that a provider documents as sinks: nothing that is sent to them reaches a person. */
export interface Sinks {
  /** Whole addresses. */
  mailboxes: readonly string[]
  /** Domains, subdomains included. */
  domains: readonly string[]
}

/** Everything that Chattermark knows of a provider, from the provider's documents. */
export interface Provider {
  id: ProviderId
  label: string
  smtp: SmtpSide | null
  http: HttpSide | null
  sinks: Sinks
  /** What a user should know before a run, one sentence each. */
  notes: readonly string[]
}

export const NO_LIMITS: Limits = { messagesPerConnection: null, connections: null, perSecond: null }
export const NO_SINKS: Sinks = { mailboxes: [], domains: [] }

/** Statuses that ask for patience everywhere: RFC 6585 section 4, RFC 9110 section 15.6.4. */
export const THROTTLED = [429, 503] as const

/** Joins an API's path to the path of its address, which may hold the first segments of it already. */
export function joinPath(basePath: string, path: string): string {
  const base = basePath.split('/').slice(1)
  const rest = path.split('/').slice(1)
  for (let overlap = Math.min(base.length, rest.length); overlap > 0; overlap--) {
    if (base.slice(-overlap).join('/') === rest.slice(0, overlap).join('/')) {
      return `/${[...base, ...rest.slice(overlap)].join('/')}`
    }
  }
  return basePath + path
}

/** A call with a JSON body at a fixed path. */
export function jsonCall(options: CallOptions, path: string, value: Json): ProviderCall {
  return {
    method: 'POST',
    path: joinPath(options.basePath, path),
    headers: {},
    body: { kind: 'json', value }
  }
}

/** The headers that mark a message, its own number included. */
export function markHeaders(message: OutgoingMessage): Record<string, string> {
  return { ...message.headers, [ID_HEADER]: message.messageId }
}

/** An object's fields as a list of pairs, with the names that an API gives to name and value. */
export function asPairs<N extends string, V extends string>(
  fields: Readonly<Record<string, string>>,
  nameKey: N,
  valueKey: V
): Record<N | V, string>[] {
  return Object.entries(fields).map(
    ([name, value]) => ({ [nameKey]: name, [valueKey]: value }) as Record<N | V, string>
  )
}

/** The value at a path of an answer; undefined where the answer has another shape. */
export function valueAt(answer: unknown, path: readonly (string | number)[]): unknown {
  let value = answer
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}
