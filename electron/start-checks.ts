import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

const SOURCES = [
  'electron',
  'renderer',
  'shared',
  'package.json',
  'electron.vite.config.ts',
  'svelte.config.js'
]
const BUILT = ['out/main/main.js', 'out/preload/preload.cjs', 'out/renderer/index.html']

/** Whether the app is not built, or was before its sources last changed. */
export function isStale(root: string): boolean {
  const built = BUILT.map((file) => modifiedMs(join(root, file)))
  if (built.includes(0)) return true
  return Math.max(...SOURCES.map((source) => newestMs(join(root, source)))) > Math.min(...built)
}

/** Whether Electron's executable is here: its own, or what stands in for it. */
export function hasElectron(root: string, env: Env): boolean {
  if (env.ELECTRON_OVERRIDE_DIST_PATH) return true
  const folder = join(root, 'node_modules/electron')
  const pathFile = join(folder, 'path.txt')
  return existsSync(pathFile) && existsSync(join(folder, 'dist', readFileSync(pathFile, 'utf8')))
}

/** Whether windows can be shown. */
export function hasDisplay(platform: NodeJS.Platform, env: Env): boolean {
  return platform === 'darwin' || platform === 'win32' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** Why the desktop cannot open, one sentence; null when it can. */
export function obstacle(electron: boolean, display: boolean, env: Env): string | null {
  if (electron && (display || env.ELECTRON_OVERRIDE_DIST_PATH)) return null
  if (electron) return 'There is no display to open the desktop on.'
  if (display) return 'The desktop needs Electron’s binary, which is not here and could not be downloaded.'
  return 'There is neither a display nor Electron’s binary to open the desktop with.'
}

/** What opens an address in the user's browser. */
export function browserCommand(platform: NodeJS.Platform, url: string): [command: string, args: string[]] {
  if (platform === 'darwin') return ['open', [url]]
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]]
  return ['xdg-open', [url]]
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Time of the last change below a file or folder. */
function newestMs(path: string): number {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return modifiedMs(path)
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))))
}
