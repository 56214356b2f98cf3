import type { Cdp } from './cdp.ts'

/** Where the application is and what it was started as. */
export interface DoubleConfig {
  name: string
  version: string
  appPath: string
  userData: string
}

/** What all parts of the double share; set once by `boot.ts` before the application's code is loaded. */
interface Running {
  cdp: Cdp
  config: DoubleConfig
  /** Resolves when Chromium has left: leaving before it would leave its temporary folders behind. */
  browserExit: Promise<unknown>
}

let running: Running | null = null

export function setRunning(value: Running): void {
  running = value
}

export function theRunning(): Running {
  if (running === null) throw new Error('electron double: not booted')
  return running
}
