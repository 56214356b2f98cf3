import type { SecretKeeper } from '../api/services.ts'
import { otherHost } from '../store/keychain-file.ts'

/**
 * Secrets that are typed in the browser, for as long as the program runs: in its memory alone, never on the disk. Each
 * goes to the host that it was entered for, and to no other.
 */
export function sessionSecrets(): SecretKeeper {
  const kept = new Map<string, { secret: string; host: string | null }>()
  return {
    available: () => Promise.resolve(true),
    list: () => Promise.resolve([...kept.keys()].sort()),
    set: (id, secret, host) => {
      kept.set(id, { secret, host: host?.toLowerCase() ?? null })
      return Promise.resolve()
    },
    delete: (id) => {
      kept.delete(id)
      return Promise.resolve()
    },
    get: (id, host) => {
      const found = kept.get(id)
      const asked = host.toLowerCase()
      if (found === undefined) return Promise.resolve(null)
      if (found.host !== null && found.host !== asked) {
        return Promise.reject(otherHost(id, found.host, asked))
      }
      found.host = asked
      return Promise.resolve(found.secret)
    }
  }
}
