import { done, type Handlers } from './handlers.ts'
import type { Services } from './services.ts'

type KeepChannel = Extract<keyof Handlers, `secrets.${string}` | `settings.${string}`>

/** What the program keeps for the user: secrets and settings. */
export function keepHandlers({ secrets, settings }: Services): Pick<Handlers, KeepChannel> {
  return {
    'secrets.list': () => secrets.list(),
    'secrets.set': (id, secret) => done(secrets.set(id, secret)),
    'secrets.delete': (id) => done(secrets.delete(id)),
    'settings.get': () => settings.get(),
    'settings.set': (value) => done(settings.set(value))
  }
}
