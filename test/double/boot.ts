/** Entry of the stand-in executable: starts Chromium, answers imports of `electron` with the double, runs the app. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Cdp } from './cdp.ts'
import { setRunning } from './state.ts'

const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-features=Translate,HttpsUpgrades,OptimizationHints,MediaRouter',
  '--force-color-profile=srgb',
  '--password-store=basic',
  '--no-startup-window',
  '--remote-debugging-port=0'
]

interface Manifest {
  name: string
  productName?: string
  version: string
  main: string
}
const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

const given = process.argv.slice(2)
const entry = given.find((argument) => !argument.startsWith('-'))
if (entry === undefined) throw new Error('usage: electron [flags] <app folder>')
const appPath = statSync(entry).isDirectory() ? resolve(entry) : appFolder(resolve(entry))
const manifest = readManifest(appPath)
const name = manifest.productName ?? manifest.name

const userDataFlag = given.find((argument) => argument.startsWith('--user-data-dir='))
const userData = resolve(
  userDataFlag?.slice('--user-data-dir='.length) ?? join(tmpdir(), `edouble-${process.pid}`)
)
mkdirSync(userData, { recursive: true })

const doubleUrl = pathToFileURL(join(import.meta.dirname, 'electron.ts')).href
registerHooks({
  resolve: (specifier, context, next) =>
    /^electron(\/|$)/.test(specifier)
      ? { url: doubleUrl, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context)
})
const electron = readManifest(join(import.meta.dirname, '../../node_modules/electron')).version
Object.defineProperty(process, 'versions', { value: { ...process.versions, electron } })
Object.defineProperty(process, 'type', { value: 'browser' })
process.argv = [
  process.execPath,
  ...given.filter((argument) => !/^--(inspect|remote-debugging-port|no-sandbox)/.test(argument))
]

const chromium = spawn(
  process.env.EDOUBLE_CHROMIUM ?? '/usr/bin/chromium',
  [...CHROMIUM_FLAGS, `--user-data-dir=${join(userData, `chromium-${process.pid}`)}`],
  { stdio: ['ignore', 'ignore', 'pipe'] }
)
process.on('exit', () => chromium.kill('SIGKILL'))
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(0))
const socketUrl = await devToolsUrl(chromium)

const cdp = await Cdp.connect(socketUrl)
const browserExit = new Promise((left) => chromium.once('exit', left))
setRunning({ cdp, config: { name, version: manifest.version, appPath, userData }, browserExit })
const { becomeReady, leaveWithBrowser } = await import('./app.ts')
cdp.onclose = () => void leaveWithBrowser()
await cdp.send('Target.setDiscoverTargets', { discover: true })
// From this line on Playwright connects and requires `electron`, which fails while another import of it is under way.
await import(doubleUrl)
process.stderr.write(`\nDevTools listening on ${socketUrl}\n`)
await import(pathToFileURL(resolve(appPath, manifest.main)).href)
becomeReady()

/** The folder of the `package.json` above a file. */
function appFolder(file: string): string {
  let folder = resolve(file, '..')
  while (!existsSync(join(folder, 'package.json'))) folder = resolve(folder, '..')
  return folder
}

/** Waits until Chromium says where it listens. */
function devToolsUrl(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const url = /^DevTools listening on (ws:\/\/\S+)$/m.exec(text)?.[1]
      if (url !== undefined) found(url)
    })
    child.once('exit', (code) => failed(new Error(`chromium exited with ${code ?? 'a signal'}:\n${text}`)))
  })
}
