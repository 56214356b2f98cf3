import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { isStale } from '../../electron/start-checks.ts'

/** The tests drive what was built: it must be of the sources as they are. */
export default function buildIfStale(): void {
  if (!isStale(resolve('.'))) return
  const script = resolve('node_modules/electron-vite/bin/electron-vite.js')
  execFileSync(process.execPath, [script, 'build', '--logLevel', 'error'], { stdio: 'inherit' })
}
