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

/**
 * Header that carries the message's own number, over SMTP and APIs alike, and that an arrival is matched by. Providers
 * make the Message-ID themselves (SES always, Postmark unless told otherwise, most APIs) and pass an X- header on.
 */
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
  /** Path of the API's address as the plan gives it; `/` when it has none. */
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

/**
 * Where an accepted answer names the message: an answer without it is not the API's. `on`: the statuses for which the
 * provider promises it; all that mean accepted when it is left out.
 */
export type MessageIdPlace = (
  { in: 'header'; name: Lowercase<string> } | { in: 'json'; path: readonly (string | number)[] }
) & { on?: readonly number[] }

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
  /** Its path names the sending domain. */
  namesDomain?: true
  describeCall(message: OutgoingMessage, options: CallOptions): ProviderCall
  /** Statuses that mean accepted. */
  accepted: readonly number[]
  /** Why an answer with such a status refuses the message all the same; null when it does not. Absent where the status says all. */
  refusal?: (answer: unknown) => string | null
  messageId: MessageIdPlace | null
  /** Statuses by which it asks to slow down. */
  throttled: readonly number[]
  /** Words of its own by which a refusal with another status asks for the same, beside those that all makes use. */
  throttledText?: RegExp
  /** Header that tells when its rate limit is over, beside the standard Retry-After (RFC 9110, section 10.2.3). */
  resetHeader: { name: Lowercase<string>; unit: 'seconds' | 'epoch' } | null
  /** The call itself can say that the message is a test. */
  testMode: boolean
  limits: Limits
}

export interface SmtpPort {
  port: number
  security: 'none' | 'starttls' | 'tls'
}

export interface SmtpSide {
  /** Names of the submission server, the default first. Empty when only the user can know. */
  hosts: readonly { label: string; host: string }[]
  /** Ports that it documents, the recommended one first. */
  ports: readonly [SmtpPort, ...SmtpPort[]]
  /** User that is the same for every account; null when it differs. */
  user: string | null
  /** Headers that make a message a test. */
  testHeaders: Readonly<Record<string, string>>
  /** Words by which its replies ask to slow down, beside those that all makes use. */
  throttledText?: RegExp
  /** Codes that ask for patience in RFC 5321 and by which it refuses for good. */
  finalCodes?: readonly number[]
  limits: Limits
}

/** Recipients that a provider documents as sinks: nothing that is sent to them reaches a person. */
export interface Sinks {
  /** Whole addresses. */
  mailboxes: readonly string[]
  /** Domains, subdomains included. */
  domains: readonly string[]
}

/** What an arrival can be matched by, as the provider's documents have it. */
export interface MarkSurvival {
  /** What becomes of a Message-ID that was handed over. */
  messageId: 'replaced' | 'undocumented'
  /** Whether its API takes a header of one's own, which the message then has; SMTP carries all headers. */
  apiHeader: 'taken' | 'refused' | 'by template'
  source: string
}

/** Everything that Chattermark knows of a provider, from the provider's documents. */
export interface Provider {
  id: ProviderId
  label: string
  smtp: SmtpSide | null
  http: HttpSide | null
  /** Its API's call is the plan's own template, which may begin with this one. */
  template?: { path: string; body: Json }
  sinks?: Sinks
  mark: MarkSurvival
  /** What a user should know before a run, one sentence each. */
  notes: readonly string[]
}

const NO_LIMITS: Limits = { messagesPerConnection: null, connections: null, perSecond: null }

/** Statuses that ask for patience: RFC 6585 section 4, RFC 9110 section 15.6.4, and the 420 that some say instead. */
const THROTTLED = [420, 429, 503] as const

/** A submission server: what is left out is not documented of it. */
export function smtpSide(documented: Pick<SmtpSide, 'hosts' | 'ports'> & Partial<SmtpSide>): SmtpSide {
  return { user: null, testHeaders: {}, limits: NO_LIMITS, ...documented }
}

/** An API: what is left out is as with most, a body in JSON and nothing of its own. */
export function apiSide(
  documented: Pick<HttpSide, 'urls' | 'auth' | 'describeCall' | 'accepted' | 'messageId'> & Partial<HttpSide>
): HttpSide {
  return {
    ...{ user: null, throttled: THROTTLED, resetHeader: null, testMode: false, limits: NO_LIMITS },
    bodies: ['json'],
    ...documented
  }
}

/**
 * Joins an API's path to the path of its address, which may hold the first segments of it already. A path of `/` adds
 * nothing: the address is called as it was given.
 */
export function joinPath(basePath: string, path: string): string {
  if (path === '/') return basePath
  const base = basePath.replace(/\/+$/, '').split('/').slice(1)
  const rest = path.split('/').slice(1)
  for (let overlap = Math.min(base.length, rest.length); overlap > 0; overlap--) {
    if (base.slice(-overlap).join('/') === rest.slice(0, overlap).join('/')) {
      return `/${[...base, ...rest.slice(overlap)].join('/')}`
    }
  }
  return `/${[...base, ...rest].join('/')}`
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

/** The attachments under the name that an API gives to them; nothing where there are none. */
export function attached(
  field: string,
  { attachments }: OutgoingMessage,
  entry: (attachment: OutgoingMessage['attachments'][number]) => Json
): Record<string, Json> {
  return attachments.length === 0 ? {} : { [field]: attachments.map(entry) }
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
