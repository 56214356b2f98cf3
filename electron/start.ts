/** `npm start`: builds what is not built, then opens the desktop, or serves the app to a browser where that cannot be. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { untilSignalled } from './cli/signals.ts'
import { serveApp } from './serve/serve-app.ts'
import { browserCommand, hasDisplay, hasElectron, isStale, obstacle } from './start-checks.ts'

const root = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)
/** A download that takes longer than this is not worth waiting for in silence, ms. */
const DOWNLOAD_MS = 180_000

/** Runs a Node script of a package; answers its exit code. What it says is shown only if asked for. */
async function runScript(script: string, args: string[], show: boolean, timeoutMs?: number): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    stdio: show ? 'inherit' : 'ignore',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs })
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

async function build(): Promise<void> {
  const script = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  if ((await runScript(script, ['build', '--logLevel', 'error'], true)) !== 0) process.exit(1)
}

async function openDesktop(): Promise<void> {
  const child = spawn(require('electron') as string, [root, ...process.argv.slice(2)], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
}

async function openBrowser(why: string): Promise<void> {
  const serving = await serveApp(0)
  // Whoever reads the address may end it at once: from here on a signal is heard.
  const signalled = untilSignalled()
  process.stderr.write(`${why} The app is served to a browser instead, until Ctrl-C, at:\n`)
  process.stdout.write(`${serving.url}\n`)
  if (hasDisplay(process.platform, process.env)) {
    const [command, args] = browserCommand(process.platform, pathToFileURL(serving.launchFile()).href)
    // Without such a program the printed address is enough.
    spawn(command, args, { stdio: 'ignore', detached: true })
      .on('error', () => undefined)
      .unref()
  }
  await signalled
  await serving.close()
}

if (isStale(root)) await build()
const display = hasDisplay(process.platform, process.env)
if (display && !hasElectron(root, process.env)) {
  process.stderr.write('Getting Electron’s binary, once.\n')
  await runScript(join(root, 'node_modules/electron/install.js'), [], false, DOWNLOAD_MS)
}
const why = obstacle(hasElectron(root, process.env), display, process.env)
if (why === null) await openDesktop()
else await openBrowser(why)
