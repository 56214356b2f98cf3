import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { SecretSummary } from '../../shared/plan/secret-summary.ts'
import { readJsonFile, writeJsonFile } from './small-file.ts'

const fileSchema = z.array(z.string()).catch([])

/** Which secrets the user has let go to which hosts, in `known-secrets.json` in the data folder. No secret stands in it. */
export class KnownSecrets {
  readonly #file: string

  constructor(folder: string) {
    this.#file = join(folder, 'known-secrets.json')
  }

  /** Those that have never gone to their host. What goes to this machine itself is not asked about. */
  unknown(secrets: readonly SecretSummary[]): SecretSummary[] {
    const known = new Set(this.#read())
    return secrets.filter((secret) => !secret.isLocal && !known.has(keyOf(secret)))
  }

  remember(secrets: readonly SecretSummary[]): void {
    const fresh = this.unknown(secrets)
    if (fresh.length > 0) writeJsonFile(this.#file, [...this.#read(), ...new Set(fresh.map(keyOf))])
  }

  #read(): string[] {
    return fileSchema.parse(readJsonFile(this.#file))
  }
}

/** A relative file means another one elsewhere. */
function keyOf({ ref, host }: SecretSummary): string {
  const source =
    'env' in ref ? `env ${ref.env}` : 'file' in ref ? `file ${resolve(ref.file)}` : `secret ${ref.secret}`
  return `${source} -> ${host.toLowerCase()}`
}
