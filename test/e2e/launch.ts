import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { _electron, type ElectronApplication } from '@playwright/test'
import { findBrowser } from '../support/browser.ts'

/** Folder of the application under test: the repository, or an unpacked package. */
export const APP_FOLDER = process.env.CHATTERMARK_APP_FOLDER ?? resolve('.')

export interface DesktopOptions {
  dataFolder: string
  args?: string[]
  env?: Record<string, string>
}

/** Electron's executable, or what stands in for it. */
export function electronExecutable(): string {
  return createRequire(import.meta.url)('electron') as string
}

/** Command line and environment of the desktop, for Playwright and for a bare second process alike. */
export async function desktopCommand({ dataFolder, args = [], env = {} }: DesktopOptions): Promise<{
  args: string[]
  env: Record<string, string>
}> {
  return {
    args: [APP_FOLDER, `--user-data-dir=${dataFolder}`, ...args],
    env: {
      ...(process.env as Record<string, string>),
      EDOUBLE_NODE: process.execPath,
      EDOUBLE_CHROMIUM: await findBrowser(),
      ...env
    }
  }
}

export async function launchDesktop(options: DesktopOptions): Promise<ElectronApplication> {
  return _electron.launch({ executablePath: electronExecutable(), ...(await desktopCommand(options)) })
}

export interface ServeProcess {
  url: string
  close(): Promise<void>
}

/** Starts `chattermark serve` from the built bundle, as its own process. */
export async function launchServe(dataFolder: string): Promise<ServeProcess> {
  const child = spawn(process.execPath, [resolve(APP_FOLDER, 'out/main/cli.js'), 'serve'], {
    env: { ...process.env, CHATTERMARK_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(([code]) => {
      throw new Error(`serve ended with ${String(code)} before it printed an address`)
    })
  ])) as [string]
  return {
    url,
    close: async () => {
      child.kill('SIGTERM')
      await exited
    }
  }
}
