import { domainToASCII } from 'node:url'
import { envelopePath } from '../../shared/plan/mailbox.ts'

/** A domain as the DNS knows it (RFC 5890: A-labels); as it came where it cannot be written so. */
export function asciiDomain(domain: string): string {
  return domainToASCII(domain) || domain
}

/**
 * A mailbox as an envelope names it: its domain in ASCII, so that SMTPUTF8 is needed for the local part alone
 * (RFC 6531 section 3.2), and nothing for the null sender.
 */
export function envelopeAddress(mailbox: string): string {
  const path = envelopePath(mailbox)
  const at = path.lastIndexOf('@')
  return at === -1 ? path : `${path.slice(0, at)}@${asciiDomain(path.slice(at + 1))}`
}
