import { PROVIDER_IDS, type ProviderId } from '../providers/ids.ts'
import { providerOf } from '../providers/index.ts'
import type { Limits, Provider, SmtpPort } from '../providers/provider.ts'
import { MAIL_PORTS } from './mail-ports.ts'

type JsonObject = Record<string, unknown>

/**
 * Fills in what a raw plan leaves to convention, before it is validated: what a provider documents of itself
 * (host, port, security, address of the API, a user name that is the same for all, limits of its connections) and the security that a
 * well-known port implies. What the plan says itself is never changed; anything that is not of the expected shape
 * is handed on untouched, for the schema to judge.
 */
export function applyPresets(raw: unknown): unknown {
  if (!isObject(raw) || !Array.isArray(raw.transports)) return raw
  return {
    ...raw,
    transports: raw.transports.map((entry: unknown) => (isObject(entry) ? withPresets(entry) : entry))
  }
}

function withPresets(transport: JsonObject): JsonObject {
  const provider = knownProvider(transport.provider)
  switch (transport.protocol) {
    case 'smtp':
      return withSecurity(provider === null ? transport : withSmtp(transport, provider))
    case 'http':
      return provider === null ? transport : withHttp(transport, provider)
    default:
      return transport
  }
}

function withSmtp(transport: JsonObject, { smtp }: Provider): JsonObject {
  if (smtp === null) return transport
  const port = transport.port ?? portFor(transport.security, smtp.ports)
  return {
    ...transport,
    ...present('host', transport.host ?? smtp.hosts[0]?.host),
    ...present('port', port),
    ...present('security', transport.security ?? smtp.ports.find((known) => known.port === port)?.security),
    ...withUser(transport.auth, smtp.user),
    ...withLimits(transport, smtp.limits)
  }
}

function withHttp(transport: JsonObject, { http }: Provider): JsonObject {
  if (http === null) return transport
  return {
    ...transport,
    ...present('url', transport.url ?? http.urls[0]?.url),
    ...withUser(transport.auth, http.user),
    ...withLimits(transport, http.limits)
  }
}

/** The recommended port of a security; the recommended one of all when the plan leaves that open too. */
function portFor(security: unknown, ports: readonly SmtpPort[]): number | undefined {
  return ports.find((known) => security === undefined || known.security === security)?.port
}

function withUser(auth: unknown, user: string | null): JsonObject {
  if (user === null || !isObject(auth) || auth.user !== undefined) return {}
  return { auth: { ...auth, user } }
}

/** An explicit null, "as long as the peer allows", stays. */
function withLimits(transport: JsonObject, { messagesPerConnection, connections }: Limits): JsonObject {
  const isKept = !isObject(transport.http) || transport.http.keepAlive !== false
  return {
    ...(isKept && messagesPerConnection !== null && transport.messagesPerConnection === undefined
      ? { messagesPerConnection }
      : {}),
    ...(connections !== null && transport.maxConnections === undefined ? { maxConnections: connections } : {})
  }
}

function withSecurity(transport: JsonObject): JsonObject {
  if (transport.security !== undefined) return transport
  const known = MAIL_PORTS.find(({ port }) => port === Number(transport.port))
  return known === undefined ? transport : { ...transport, security: known.security }
}

function knownProvider(id: unknown): Provider | null {
  return PROVIDER_IDS.includes(id as ProviderId) ? providerOf(id as ProviderId) : null
}

function present(key: string, value: unknown): JsonObject {
  return value === undefined ? {} : { [key]: value }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
