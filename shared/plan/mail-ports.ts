import type { SmtpPort } from '../providers/provider.ts'

/** Ports of mail with the security that each one's convention implies (RFC 8314, RFC 6409), the recommended one first. */
export const MAIL_PORTS: readonly [SmtpPort, ...SmtpPort[]] = [
  { port: 587, security: 'starttls' },
  { port: 465, security: 'tls' },
  { port: 2525, security: 'starttls' },
  { port: 25, security: 'none' }
]

/** What a probe looks at when it is told nothing else. */
export const PROBED_PORTS: readonly number[] = MAIL_PORTS.map(({ port }) => port).sort((a, b) => a - b)
