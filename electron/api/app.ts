import type { Handlers } from './handlers.ts'
import type { Host, Services } from './services.ts'

export function appHandlers(services: Services, host: Host): Pick<Handlers, 'app.info'> {
  return {
    'app.info': async () => ({
      version: services.version,
      mode: host.mode,
      platform: process.platform,
      keychain: await services.secrets.available(),
      environment: services.environment
    })
  }
}
