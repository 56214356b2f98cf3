import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stopRun } from '../api/stop-run.ts'
import { createServices } from '../api/create-services.ts'
import { dataFolder } from '../store/data-folder.ts'
import { openSettings } from '../store/settings-file.ts'
import { sessionSecrets } from './session-secrets.ts'
import { startServe, type Serving } from './serve.ts'

/**
 * Serves the whole app from the user's data folder.
 * @param port 0 = any free port
 * @throws when the page is not built, or the port cannot be had
 */
export async function serveApp(port: number): Promise<Serving> {
  const rendererDir = pageFolder()
  if (!existsSync(rendererDir)) throw new Error('the page is not built yet; run "npm run build" first')
  const folder = dataFolder()
  const services = createServices({ folder, settings: openSettings(folder), secrets: sessionSecrets() })
  const serving = await startServe({ port, services, rendererDir })
  return {
    ...serving,
    close: async () => {
      await stopRun(services.runner)
      await serving.close()
      await services.runs.emptyBin().catch(() => undefined)
    }
  }
}

/** `out/renderer`, seen from the source or from the bundle. */
function pageFolder(): string {
  const here = import.meta.url
  return fileURLToPath(
    here.endsWith('.ts')
      ? new URL('../../out/renderer/', here)
      : here.replace(/\/out\/main\/.*$/, '/out/renderer/')
  )
}
