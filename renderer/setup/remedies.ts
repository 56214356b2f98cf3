/** What mends a connection that did not work, as a field. */
export interface Remedy {
  label: string
  field: string
  /** What the field is set to; left out where only the reader knows it. */
  value?: unknown
  /** The reader has something to fill in: the field is shown to them. */
  opens?: true
}

const METHODS = ['plain', 'login', 'cram-md5', 'xoauth2'] as const

/**
 * The remedy for what a connection test said; null where there is none to offer.
 * @param keeper how a password can be kept here without a variable or a file; null when it cannot
 */
export function remedyOf(message: string, keeper: 'keychain' | 'session' | null): Remedy | null {
  const offered = /\(it offers ([A-Z0-9-]+(?:, [A-Z0-9-]+)*)\)/.exec(message)?.[1]?.toLowerCase().split(', ')
  const method = METHODS.find((each) => offered?.includes(each))
  if (method !== undefined) {
    return { label: `Use ${method.toUpperCase()}`, field: 'auth.method', value: method }
  }
  if (/does not offer STARTTLS/.test(message))
    return { label: 'Use no TLS', field: 'security', value: 'none' }
  if (/name (?:it|that|the authority|either) in tls\.caFile/.test(message))
    return { label: 'Trust its certificate…', field: 'tls.caFile', opens: true }
  if (keeper !== null && /environment variable \S+ is not set/.test(message)) {
    const label = keeper === 'session' ? 'Password for this session…' : 'Keep the password in the keychain…'
    return { label, field: 'auth.password', value: { secret: '' }, opens: true }
  }
  return null
}
