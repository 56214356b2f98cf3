import { ApiError, type SecretKeeper } from '../../electron/api/services.ts'

/** Stands where a keychain would be: outside the desktop app there is none that this program may use. */
export const closedKeychain: SecretKeeper = {
  available: () => Promise.resolve(false),
  list: () => Promise.resolve([]),
  set: () =>
    Promise.reject(
      new ApiError(
        'Secrets are kept only by the desktop app, in the system’s keychain.',
        'Name an environment variable or a file in the plan instead: { "env": NAME } or { "file": PATH }.'
      )
    ),
  delete: () => Promise.resolve(),
  get: () => Promise.resolve(null)
}
