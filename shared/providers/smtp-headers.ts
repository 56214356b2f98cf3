import type { SmtpTransport } from '../plan/plan.ts'
import { providerOf } from './index.ts'

/** Headers that make an SMTP message a test for its provider; none without a test mode. */
export function smtpTestHeaders(
  transport: Pick<SmtpTransport, 'provider' | 'testMode'>
): Readonly<Record<string, string>> {
  if (!transport.testMode || transport.provider === undefined) return {}
  return providerOf(transport.provider).smtp?.testHeaders ?? {}
}
