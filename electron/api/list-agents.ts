import type { PlacesList, PlacesServer } from '../../shared/page/ipc.ts'
import type { ServerOptions } from '../places/server.ts'
import { orMessage } from './or-message.ts'

/** A server as the settings have it, for whoever connects to it. */
export function serverOptions({ url, credsFile, caFile }: PlacesServer): ServerOptions {
  return { url, credsFile: credsFile ?? undefined, caFile: caFile ?? undefined }
}

/** The agents that are there; or why that is not known, in one line. */
export async function listAgents(server: ServerOptions | null): Promise<PlacesList> {
  if (server === null) return { ok: true, places: [] }
  const [{ openServer }, { listPlaces }] = await Promise.all([
    import('../places/server.ts'),
    import('../places/presence.ts')
  ])
  return orMessage<PlacesList>(async () => {
    const opened = await openServer(server)
    try {
      const places = await listPlaces(opened.places)
      return {
        ok: true,
        places: places.map(({ name, platform, cores, version, remote, run }) => ({
          ...{ name, platform, cores, version, remote },
          busy: run !== null
        }))
      }
    } finally {
      await opened.close()
    }
  })
}
