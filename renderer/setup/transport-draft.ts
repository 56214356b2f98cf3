import type { SmtpTransport } from '../../shared/plan/plan.ts'
import type { ProviderId } from '../../shared/providers/ids.ts'
import { isTemplated, PROVIDERS, providerOf } from '../../shared/providers/index.ts'
import { SANDBOX_HOST, SANDBOX_SMTP, SANDBOX_URL } from '../../shared/plan/sandbox-target.ts'
import { DEFAULT_HTTP_PROVIDER } from './plan-defaults.ts'
import type { JsonObject } from './plan-draft.svelte.ts'

/** Where a transport sends: the built-in sandbox, a known provider, or somewhere else. */
export type Target = 'sandbox' | 'other' | ProviderId

/** What can be chosen as a target of a protocol. */
export function targetsOf(protocol: unknown): { value: Target; label: string }[] {
  const known = PROVIDERS.filter(({ smtp, http, id }) =>
    protocol === 'http' ? http !== null || isTemplated(id) : smtp !== null && !isTemplated(id)
  )
  return [
    { value: 'sandbox', label: 'Built-in sandbox' },
    ...known.map(({ id, label }) => ({ value: id, label })),
    ...(protocol === 'http' ? [] : [{ value: 'other' as const, label: 'Another server' }])
  ]
}

/** The target that a transport, as written, has now. */
export function targetOf(transport: JsonObject): Target {
  const place = transport.protocol === 'http' ? hostOf(transport.url) : transport.host
  if (place === SANDBOX_HOST) return 'sandbox'
  const { provider } = transport
  const known = PROVIDERS.find(({ id }) => id === provider)?.id
  if (known !== undefined) return known
  return transport.protocol === 'http' ? DEFAULT_HTTP_PROVIDER : 'other'
}

/** The fields that choosing a target fills in; `undefined` takes a field out. */
export function targetFields(protocol: unknown, target: Target): Record<string, unknown> {
  if (protocol === 'http') return httpTarget(target)
  if (target === 'sandbox') return { ...SANDBOX_SMTP, provider: undefined }
  if (target === 'other') return { host: '', provider: undefined }
  const { smtp } = providerOf(target)
  return {
    provider: target,
    host: smtp?.hosts[0]?.host ?? '',
    ...smtp?.ports[0],
    auth: { user: smtp?.user ?? '', password: { env: 'SMTP_PASSWORD' } }
  }
}

function httpTarget(target: Target): Record<string, unknown> {
  if (target === 'sandbox') return { url: SANDBOX_URL, provider: undefined, template: undefined }
  if (target === 'other') return {}
  const { http, template } = providerOf(target)
  return {
    provider: target,
    url: http?.urls[0]?.url ?? '',
    auth: { ...(http?.user == null ? {} : { user: http.user }), password: { env: 'API_KEY' } },
    template
  }
}

/** A transport to start from: the sandbox, over the protocol. */
export function newTransport(protocol: 'smtp' | 'http', taken: readonly unknown[]): JsonObject {
  const smtp = protocol === 'smtp'
  return {
    name: freeName(smtp ? 'smtp' : 'api', taken),
    protocol,
    client: 'wire',
    ...(smtp ? SANDBOX_SMTP : { url: SANDBOX_URL, domain: 'example.com' }),
    auth: smtp
      ? { method: 'plain', user: 'bench', password: { env: 'SMTP_PASSWORD' } }
      : { user: 'api', password: { env: 'API_KEY' } }
  }
}

/** A name that no other transport has: the wish, or the wish with a number. */
export function freeName(wish: string, taken: readonly unknown[]): string {
  if (!taken.includes(wish)) return wish
  const stem = wish.replace(/-\d+$/, '')
  let number = 2
  while (taken.includes(`${stem}-${number}`)) number++
  return `${stem}-${number}`
}

const SECURITY: Record<SmtpTransport['security'], string> = {
  none: 'no TLS',
  starttls: 'STARTTLS',
  tls: 'implicit TLS'
}

/**
 * One line that says what a transport is. It reads what is written, so it also describes one with faults.
 * @param value the value of a field of the transport, defaults included
 */
export function describeTransport(value: (field: string) => unknown): string {
  const http = value('protocol') === 'http'
  const version = value('http.version') === '2' ? 'HTTP/2' : 'HTTP/1.1'
  const parts = [
    `${http ? version : 'SMTP'}, ${text(value('client'))} client`,
    http ? text(value('url')) || 'no address' : `${text(value('host')) || 'no host'}:${text(value('port'))}`
  ]
  if (!http) parts.push(SECURITY[value('security') as SmtpTransport['security']] ?? 'no security chosen')
  parts.push(describeReuse(http && value('http.keepAlive') === false ? 1 : value('messagesPerConnection')))
  if (!http) {
    if (value('pipelining') === 'off') parts.push('no PIPELINING')
    if (value('chunking') === 'auto') parts.push('CHUNKING')
    if (value('overlap') === true) parts.push('overlap')
  }
  return parts.join(', ')
}

function describeReuse(messages: unknown): string {
  if (messages === 1) return 'new connection each'
  if (messages === null || messages === undefined) return 'kept connection'
  return `new connection after ${text(messages)}`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function hostOf(url: unknown): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null
  return new URL(url).hostname
}
