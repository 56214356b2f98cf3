import type { Transport } from '../../shared/plan/plan.ts'
import type { SendResult } from '../transports/send-result.ts'

const PAGE = /^\d{3}[^:<]*: <(?:!doctype|html|head|title|body)\b/i

/**
 * Whether a first answer says that the login is not taken, which ends a run: an HTTP API has none to try before the first
 * send, and SMTP's was tried before. A 403 that speaks of a limit is a rejection like any other.
 */
export function isLoginRefusal(transport: Transport, { outcome, code, throttled }: SendResult): boolean {
  return (
    transport.protocol === 'http' &&
    outcome === 'rejected' &&
    (code === '401' || code === '403') &&
    !throttled
  )
}

/** The same in words. A page is no API's answer: something before it speaks. */
export function loginRefusalText(name: string, code: string, sample: string): string {
  const what = PAGE.test(sample)
    ? `something before the API, such as a firewall, answered ${code} with a page`
    : `the peer refused the login with ${code}`
  return `${name}: ${what}: ${sample}`
}
