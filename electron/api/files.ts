import { done, type Handlers } from './handlers.ts'
import type { Host } from './services.ts'

export function fileHandlers(host: Host): Pick<Handlers, 'file.save' | 'link.open'> {
  return {
    'file.save': ({ fileName, base64 }) => host.saveFile(fileName, Buffer.from(base64, 'base64')),
    'link.open': (url) => done(host.openLink(url))
  }
}
