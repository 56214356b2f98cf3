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

const fileSchema = z.record(z.string(), z.base64()).catch({})

/** Opens `secrets.json` in the data folder: sealed secrets under their names. */
export function openSecrets(folder: string, cipher: Cipher): SecretKeeper {
  const file = join(folder, 'secrets.json')
  const read = (): Map<string, string> => new Map(Object.entries(fileSchema.parse(readJsonFile(file))))
  const write = (sealed: Map<string, string>): void => {
    writeJsonFile(file, Object.fromEntries(sealed))
  }
  const seal = async (id: string, secret: string): Promise<void> => {
    const sealed = (await cipher.encrypt(secret)).toString('base64')
    write(read().set(id, sealed))
  }
  return {
    available: () => cipher.available(),
    list: () => Promise.resolve([...read().keys()].sort()),
    set: async (id, secret) => {
      if (!(await cipher.available())) throw noKeychain()
      await seal(id, secret)
    },
    delete: (id) =>
      Promise.resolve(read()).then((sealed) => {
        if (sealed.delete(id)) write(sealed)
      }),
    get: async (id) => {
      const sealed = read().get(id)
      if (sealed === undefined) return null
      if (!(await cipher.available())) throw noKeychain()
      const { result, shouldReEncrypt } = await unseal(cipher, id, sealed)
      if (shouldReEncrypt) await seal(id, result)
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

function noKeychain(): ApiError {
  return new ApiError(
    'This system has no keychain that secrets could be kept in, so none are kept.',
    'Start a keyring (GNOME Keyring, KWallet), or name an environment variable or a file in the plan: { "env": NAME } or { "file": PATH }.'
  )
}
