import { join } from 'node:path'
import { z } from 'zod'
import { ApiError, type SecretKeeper } from '../api/services.ts'
import { readJsonFile, writeJsonFile } from './small-file.ts'

/** Seals text with a key that the system keeps; the desktop's is Electron's safeStorage. */
export interface Cipher {
  available(): Promise<boolean>
  encrypt(text: string): Promise<Buffer>
  /** `shouldReEncrypt`: the key has changed, and the text should be sealed anew. */
  decrypt(sealed: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }>
}

/** A secret as it lies on the disk; before hosts were kept, it was the sealed text alone. */
const sealedSchema = z.union([
  z.base64().transform((sealed) => ({ sealed, host: null })),
  z.object({ sealed: z.base64(), host: z.string().nullable() })
])
type Sealed = z.output<typeof sealedSchema>
const fileSchema = z.record(z.string(), sealedSchema).catch({})

/** Opens `secrets.json` in the data folder: sealed secrets under their names. */
export function openSecrets(folder: string, cipher: Cipher): SecretKeeper {
  const file = join(folder, 'secrets.json')
  const read = (): Map<string, Sealed> => new Map(Object.entries(fileSchema.parse(readJsonFile(file))))
  const write = (sealed: Map<string, Sealed>): void => {
    writeJsonFile(file, Object.fromEntries(sealed))
  }
  const seal = async (id: string, secret: string, host: string | null): Promise<void> => {
    const sealed = (await cipher.encrypt(secret)).toString('base64')
    write(read().set(id, { sealed, host }))
  }
  return {
    available: () => cipher.available(),
    list: () => Promise.resolve([...read().keys()].sort()),
    set: async (id, secret, host) => {
      if (!(await cipher.available())) throw noKeychain()
      await seal(id, secret, host?.toLowerCase() ?? null)
    },
    delete: (id) =>
      Promise.resolve(read()).then((sealed) => {
        if (sealed.delete(id)) write(sealed)
      }),
    get: async (id, host) => {
      const found = read().get(id)
      if (found === undefined) return null
      const asked = host.toLowerCase()
      if (found.host !== null && found.host !== asked) throw otherHost(id, found.host, asked)
      if (!(await cipher.available())) throw noKeychain()
      const { result, shouldReEncrypt } = await unseal(cipher, id, found.sealed)
      if (shouldReEncrypt) await seal(id, result, asked)
      else if (found.host === null) write(read().set(id, { ...found, host: asked }))
      return result
    }
  }
}

/** What the system says of a text that it cannot open helps nobody. */
async function unseal(cipher: Cipher, id: string, sealed: string): ReturnType<Cipher['decrypt']> {
  try {
    return await cipher.decrypt(Buffer.from(sealed, 'base64'))
  } catch {
    throw new ApiError(
      `The secret "${id}" cannot be opened: it was sealed with another key.`,
      'Delete it and enter it anew.'
    )
  }
}

/** A secret goes to the host that it was entered for, and to no other. */
export function otherHost(id: string, host: string, asked: string): ApiError {
  return new ApiError(
    `The secret "${id}" was entered for ${host}, and ${asked} does not get it.`,
    `Enter the secret of ${asked} under a name of its own.`
  )
}

function noKeychain(): ApiError {
  return new ApiError(
    'This system has no keychain that secrets could be kept in, so none are kept.',
    'Start a keyring (GNOME Keyring, KWallet), or name an environment variable or a file in the plan: { "env": NAME } or { "file": PATH }.'
  )
}
