import { hostname } from 'node:os'
import { isIP } from 'node:net'
import { asciiDomain } from '../ascii-domain.ts'

/**
 * Who a client says it is in EHLO (RFC 5321 section 4.1.1.1): the plan's name; without one this machine's full name;
 * without that the address that it connects from, as a literal (section 4.1.3).
 * @param localAddress IP address of the connection's own side; undefined when it is not known
 */
export function clientName(planned: string | null, localAddress: string | undefined): string {
  if (planned !== null) return planned.startsWith('[') ? planned : asciiDomain(planned)
  const name = hostname()
  return isFullName(name) ? name : addressLiteral(localAddress)
}

/** A name that others may be able to look up, and not one that every second machine has. */
function isFullName(name: string): boolean {
  return (
    /^[a-z0-9](?:[a-z0-9-]*\.)+[a-z][a-z0-9-]*[a-z0-9]$/i.test(name) &&
    !/(?:^|\.)(?:localhost|localdomain|local|internal|lan|home|invalid)$/i.test(name)
  )
}

function addressLiteral(address = '127.0.0.1'): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(plain) === 6 ? `[IPv6:${plain}]` : `[${plain}]`
}
