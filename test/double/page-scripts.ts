import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

/** Name of the isolated world in which the preload script runs. */
export const PRELOAD_WORLD = 'Electron Isolated Context'

const text = (file: string): string =>
  readFileSync(join(import.meta.dirname, file), 'utf8').replace(/^export /gm, '')
const [bridge, codec, page] = [text('bridge.js'), text('codec.js'), text('page.js')]

/** The half of the double that lives in the page's own world. */
export const mainWorldScript = `(()=>{${bridge}\n${page}\nmainWorld(makeBridge)})()`

/** The half that lives beside the preload script: `ipcRenderer`, `contextBridge`, `require`. */
export function preloadWorldScript(): string {
  const { platform, arch, versions } = process
  const info = {
    process: {
      type: 'renderer',
      sandboxed: true,
      contextIsolated: true,
      isMainFrame: true,
      platform,
      arch,
      versions
    }
  }
  return `(()=>{${bridge}\n${codec}\n${page}\npreloadWorld(makeBridge,makeCodec,${JSON.stringify(info)})})()`
}

/**
 * Wraps a preload script for its world.
 * @throws when it is no classic script, as for a sandboxed preload in Electron
 */
export function preloadScript(path: string): string {
  const wrapped = `(function(require,process,exports,module,Buffer,global){${readFileSync(path, 'utf8')}\n})`
  new Script(wrapped, { filename: path })
  return `globalThis.__edoublePreload?.(${JSON.stringify(path)},${wrapped})\n//# sourceURL=${pathToFileURL(path).href}`
}
