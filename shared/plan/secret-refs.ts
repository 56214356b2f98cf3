import type { SecretRef, Transport } from './plan.ts'

/** A secret that a transport takes along. */
export interface SecretUse {
  ref: SecretRef
  /** JSON path of the reference within the transport: `auth.password`, `template.headers.X-Key`. */
  path: string
}

/** Whether a value of a template is a reference, and not text of its own: an object with one of the three names. */
export function isSecretRef(value: unknown): value is SecretRef {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { prefix = '', ...source } = value as Record<string, unknown>
  const [name, ...others] = Object.keys(source)
  return (
    typeof prefix === 'string' &&
    others.length === 0 &&
    (name === 'env' || name === 'file' || name === 'secret') &&
    typeof source[name] === 'string' &&
    source[name] !== ''
  )
}

/** Every secret that a transport refers to, in the order of the plan. */
export function secretUses(transport: Transport): SecretUse[] {
  const found: SecretUse[] = []
  visitRefs(transport.auth, 'auth', found)
  if (transport.protocol === 'http') visitRefs(transport.template, 'template', found)
  return found
}

function visitRefs(value: unknown, path: string, found: SecretUse[]): void {
  if (isSecretRef(value)) found.push({ ref: value, path })
  else if (Array.isArray(value)) value.forEach((entry, index) => visitRefs(entry, `${path}[${index}]`, found))
  else if (typeof value === 'object' && value !== null) {
    for (const [name, entry] of Object.entries(value)) visitRefs(entry, `${path}.${name}`, found)
  }
}

/**
 * The same transport with text in place of every reference.
 * @param textOf the secret itself
 */
export function withSecrets<T extends Transport>(transport: T, textOf: (ref: SecretRef) => string): T {
  const replaced = (value: unknown): unknown => {
    if (isSecretRef(value)) return `${value.prefix ?? ''}${textOf(value)}`
    if (Array.isArray(value)) return value.map(replaced)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, replaced(entry)]))
  }
  // The password stays a reference: it goes its own way, and is never a part of a transport.
  const auth = transport.auth === null ? null : { ...transport.auth, user: replaced(transport.auth.user) }
  if (transport.protocol === 'smtp') return { ...transport, auth }
  return { ...transport, auth, template: replaced(transport.template) }
}

/** Where a secret comes from, for people: `environment variable SMTP_PASSWORD`. */
export function sourceName(ref: SecretRef): string {
  if ('env' in ref) return `environment variable ${ref.env}`
  return 'file' in ref ? `file ${ref.file}` : `keychain secret "${ref.secret}"`
}

/** Text of a field that may be a reference; empty where it is one, and nobody has put the secret in its place. */
export function plainText(value: string | SecretRef | null): string {
  return typeof value === 'string' ? value : ''
}
