import addresses from 'email-addresses'

/** The sender of bounces (RFC 5321 section 4.5.5), as a plan writes it. */
export const NULL_SENDER = '<>'
/** Domain of what a message without a sender must name all the same: RFC 2606 keeps it from ever being anyone's. */
const NOBODYS_DOMAIN = 'chattermark.invalid'

/** Letters and digits of any script, the signs of an atom (RFC 5321 section 4.1.2, RFC 6531), and dots. */
const ATOM = '[^\\s<>@,;:"()\\\\\\[\\]\\x00-\\x1f\\x7f]+'
const QUOTED = '"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*"'
const LITERAL = '\\[[0-9A-Za-z.:-]+\\]'
const ONE_MAILBOX = `(?:${ATOM}|${QUOTED})@(?:${ATOM}|${LITERAL})`

/** One mailbox as it stands in an envelope: a local part, quoted or not, one @, a domain or an address literal. */
export const MAILBOX = new RegExp(`^${ONE_MAILBOX}$`)
/** The same, or the null sender. */
export const SENDER = new RegExp(`^(?:${NULL_SENDER}|${ONE_MAILBOX})$`)

/** What stands behind the last @; a domain that nobody has for the null sender. */
export function domainOf(mailbox: string): string {
  return mailbox === NULL_SENDER ? NOBODYS_DOMAIN : mailbox.slice(mailbox.lastIndexOf('@') + 1)
}

/** What goes between MAIL's or RCPT's angle brackets: nothing for the null sender. */
export function envelopePath(mailbox: string): string {
  return mailbox === NULL_SENDER ? '' : mailbox
}

/** The mailbox of the header's From: a message needs one even where its envelope has none. */
export function headerFrom(mailbox: string): string {
  return mailbox === NULL_SENDER ? `mailer-daemon@${NOBODYS_DOMAIN}` : mailbox
}

/** The one mailbox that a text is by RFC 5322's grammar, in its two parts, and nothing beside it; null for anything else. */
export function parseMailbox(text: string): { local: string; domain: string } | null {
  const parsed = addresses.parseOneAddress({ input: text, rfc6532: true })
  if (parsed?.type !== 'mailbox' || parsed.name !== null || /^\s|\s$|[(<]/.test(text.replace(/^".*"@/, ''))) {
    return null
  }
  return { local: parsed.local, domain: parsed.domain }
}

/** Domains that are no one's: RFC 2606 and RFC 6761. */
const RESERVED = /(^|\.)(example\.(com|net|org|edu)|example|test|invalid|localhost)$/i
/** A local part that no server reads a route or another address from. */
const PLAIN_LOCAL = /^[^\s@%!",;:()<>[\]\\]+$/

/** Whether nobody can have a mailbox: one plain address at a domain that is no one's. */
export function isReserved(text: string): boolean {
  const mailbox = parseMailbox(text)
  return mailbox !== null && PLAIN_LOCAL.test(mailbox.local) && RESERVED.test(mailbox.domain)
}

/** Whether a sender has a mailbox that bounces may reach. */
export function canGetBounces(sender: string): boolean {
  return sender !== NULL_SENDER && !isReserved(sender)
}
