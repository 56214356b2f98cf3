/**
 * Whether a host is this machine itself, judged by its name or address alone: nothing is resolved. Only `localhost`
 * and addresses count; whatever else may lead here is remote, which costs a question and never a message. Where a name
 * really leads to is judged once more at the socket ({@link isLoopbackAddress}).
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || isLoopbackAddress(name)
}

/** Whether an IP address is this machine's own loopback: 127.0.0.0/8, also mapped into IPv6, and ::1. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d)/i, '')
  const parts = plain.split('.')
  if (parts.length === 4)
    return parts[0] === '127' && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return plain === '::1'
}

/** Whether a target needs no consent: it is this machine, and nobody has declared it to lead elsewhere. */
export function isLocalTarget(host: string, alsoRemote: readonly string[]): boolean {
  return isLoopbackHost(host) && !alsoRemote.includes(host)
}
