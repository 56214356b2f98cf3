import { SANDBOX_HOST } from './sandbox-target.ts'
import { isSecretRef, sourceName } from './secret-refs.ts'

/** What a plan's text can lead to once it is used, be the plan right or wrong. */
export interface PlanReach {
  /** Where it goes beyond the built-in sandbox, as it says itself but for a login. */
  targets: string[]
  /** Secrets and files that are read for it. */
  reads: string[]
}

/** Looks for every address, secret and file that a plan names, wherever they stand in it. */
export function planReach(raw: unknown): PlanReach {
  const targets = new Set<string>()
  const reads = new Set<string>()
  const left = [raw]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null || isSandbox(value)) continue
    if (isSecretRef(value)) reads.add(sourceName(value))
    for (const [name, entry] of Object.entries(value).reverse()) {
      if (typeof entry !== 'string' || entry === '') left.push(entry)
      else if (name === 'caFile') reads.add(`file ${entry} (certificates)`)
      else if (name === 'url') targets.add(URL.parse(entry)?.origin ?? entry)
      else if (name === 'host') targets.add(entry)
    }
  }
  return { targets: [...targets], reads: [...reads] }
}

/** What goes to the built-in sandbox stays here, and takes no secret of the user's along. */
function isSandbox(transport: object): boolean {
  const { host, url } = transport as { host?: unknown; url?: unknown }
  return host === SANDBOX_HOST || (typeof url === 'string' && URL.parse(url)?.hostname === SANDBOX_HOST)
}
