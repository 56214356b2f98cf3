import { httpSideOf } from '../providers/index.ts'
import { isLocalTarget } from './loopback.ts'
import { deliveryPlace, hostOf, targetOf } from './plan-target.ts'
import type { DeliveryPlan, SecretRef, Transport } from './plan.ts'
import { SANDBOX_HOST } from './sandbox-target.ts'
import { secretUses, sourceName } from './secret-refs.ts'

/** Which secret goes where, by which method, and how well it is kept on its way. */
export interface SecretSummary {
  /** `delivery` where it is for the receiver. */
  transport: string
  /** Where it comes from: `environment variable SMTP_PASSWORD`. */
  source: string
  ref: SecretRef
  /** Host that gets it, and where it is reached. */
  host: string
  target: string
  /** `AUTH PLAIN over STARTTLS, certificate verified`. */
  how: string
  /** Anyone on the way can read it, or anyone can pose as the host. */
  warning: string | null
  /** The host is this machine: nobody is asked. */
  isLocal: boolean
  /** It has never gone there before; absent where only the plan is looked at. */
  isNew?: boolean
}

/** The secrets that a transport takes along; none at the sandbox, which has its own. */
export function secretSummaries(transport: Transport, alsoRemote: readonly string[]): SecretSummary[] {
  const host = hostOf(transport)
  if (host === SANDBOX_HOST) return []
  const isLocal = isLocalTarget(host, alsoRemote)
  return secretUses(transport).map(({ ref, path }) => ({
    ...{
      transport: transport.name,
      source: sourceName(ref),
      ref,
      host,
      target: targetOf(transport),
      isLocal
    },
    how: `${method(transport, path)} over ${security(transport)}`,
    warning: isLocal ? null : riskOf(transport)
  }))
}

/** The secrets that a plan's receiver gets: the mailbox's login, or the token of a receiver that runs already. */
export function deliverySecrets(
  delivery: DeliveryPlan | undefined,
  alsoRemote: readonly string[]
): SecretSummary[] {
  const place = delivery === undefined ? null : deliveryPlace(delivery)
  if (delivery === undefined || place === null) return []
  const isLocal = isLocalTarget(place.host, alsoRemote)
  const warning = isLocal ? null : riskOn(isDeliveryClear(delivery), isDeliveryVerified(delivery))
  const common = { transport: 'delivery', host: place.host, target: place.target, isLocal, warning }
  if (delivery.receiver === 'sink') {
    const how = `Authorization: Bearer over ${deliverySecurity(delivery)}`
    return delivery.token === null
      ? []
      : [{ ...common, source: sourceName(delivery.token), ref: delivery.token, how }]
  }
  const { user, password, method: mechanism } = delivery.auth
  const how = `IMAP, AUTH ${mechanism.toUpperCase()} over ${deliverySecurity(delivery)}`
  return [...(typeof user === 'string' ? [] : [user]), password].map((ref) => ({
    ...common,
    ...{ source: sourceName(ref), ref, how }
  }))
}

function isDeliveryClear(delivery: DeliveryPlan): boolean {
  return delivery.receiver === 'imap'
    ? delivery.security === 'none'
    : delivery.url?.startsWith('http:') === true
}

function deliverySecurity(delivery: DeliveryPlan): string {
  if (isDeliveryClear(delivery)) return 'an unencrypted connection'
  const isStartTls = delivery.receiver === 'imap' && delivery.security === 'starttls'
  return `${isStartTls ? 'STARTTLS' : 'TLS'}, certificate ${isDeliveryVerified(delivery) ? 'verified' : 'NOT verified'}`
}

function isDeliveryVerified(delivery: DeliveryPlan): boolean {
  return delivery.receiver === 'sink' || delivery.tls.verify
}

function method(transport: Transport, path: string): string {
  if (path.startsWith('template')) return path
  if (transport.protocol === 'smtp') return `AUTH ${(transport.auth?.method ?? 'plain').toUpperCase()}`
  const scheme = httpSideOf(transport)?.auth
  switch (scheme?.scheme) {
    case 'header':
      return `header ${scheme.name}`
    case 'sigv4':
      return 'a signature (the secret itself stays here)'
    case 'bearer':
      return 'Authorization: Bearer'
    case 'basic':
      return 'Authorization: Basic'
    case 'basic-or-bearer':
      return transport.auth?.user == null ? 'Authorization: Bearer' : 'Authorization: Basic'
    case undefined:
      return 'Authorization'
  }
}

function isClear(transport: Transport): boolean {
  return transport.protocol === 'smtp' ? transport.security === 'none' : transport.url.startsWith('http:')
}

function security(transport: Transport): string {
  if (isClear(transport)) return 'an unencrypted connection'
  const kind = transport.protocol === 'smtp' && transport.security === 'starttls' ? 'STARTTLS' : 'TLS'
  return `${kind}, certificate ${transport.tls.verify ? 'verified' : 'NOT verified'}`
}

/** Why a secret is not safe on its way to another machine; null when it is. */
export function riskOf(transport: Transport): string | null {
  if (transport.auth === null && secretUses(transport).length === 0) return null
  return riskOn(isClear(transport), transport.tls.verify)
}

/** The same of any connection. */
function riskOn(clear: boolean, isVerified: boolean): string | null {
  if (clear) return 'it crosses the network in the clear, where anyone on the way can read it'
  return isVerified ? null : 'the certificate is not verified, so anyone on the way can pose as the host'
}
