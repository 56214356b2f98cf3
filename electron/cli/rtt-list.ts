import { InvalidArgumentError } from 'commander'
import { MAX_RTT_MS } from '../../shared/plan/bounds.ts'

/**
 * Reads `--rtt 0,20,50,100`: round-trip times that differ.
 * @throws {InvalidArgumentError} that says which of them is wrong and what is allowed
 */
export function rttList(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  const rttsMs = parts.map((part) => {
    const rttMs = Number(part)
    if (part === '' || !Number.isFinite(rttMs) || rttMs < 0 || rttMs > MAX_RTT_MS) {
      throw new InvalidArgumentError(
        `found ${JSON.stringify(part)}; needed are milliseconds from 0 to ${MAX_RTT_MS}, with commas between them, like 0,20,50,100.`
      )
    }
    return rttMs
  })
  const twice = rttsMs.find((rttMs, index) => rttsMs.indexOf(rttMs) !== index)
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} stands there twice.`)
  return rttsMs
}
