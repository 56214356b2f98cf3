import { isReady } from './app.ts'
import { strict } from './problems.ts'

type SchemeHandler = (request: Request) => Response | Promise<Response>

// Stock Chromium cannot serve an unknown scheme, so app://host/x is loaded as http://host.app.localhost/x (a secure
// context too), and every such request is answered by the handler that the application registered.
const handlers = new Map<string, SchemeHandler>()

export const protocol = strict('protocol', {
  registerSchemesAsPrivileged: (_schemes: readonly object[]) => {
    if (isReady())
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
  },
  handle: (scheme: string, handler: SchemeHandler) => {
    if (handlers.has(scheme)) throw new Error('The scheme has been registered')
    handlers.set(scheme, handler)
  }
})

/** The application's handler for an address of one of its schemes. */
export function schemeHandler(url: string): SchemeHandler | undefined {
  return handlers.get(/^[^:]*/.exec(url)?.[0] ?? '')
}

/** `app://host/x` to what Chromium loads in its place; other addresses unchanged. */
export function toChromium(url: string): string {
  const [, scheme, host, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  if (scheme === undefined || !handlers.has(scheme)) return url
  return `http://${host ?? ''}.${scheme}.localhost${rest ?? ''}`
}

/** The way back of {@link toChromium}. */
export function fromChromium(url: string): string {
  const [, host, scheme, rest] = /^http:\/\/(.*)\.([^.]+)\.localhost(.*)$/.exec(url) ?? []
  if (scheme === undefined || !handlers.has(scheme)) return url
  return `${scheme}://${host ?? ''}${rest ?? ''}`
}
