import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventWith, strict } from './problems.ts'
import { acquireLock } from './single-instance.ts'
import { theRunning } from './state.ts'

const LONGEST_EXIT_MS = 2000

/** A window as quitting sees it. */
interface Closable {
  closeForQuit(): Promise<boolean>
}

let ready = false
let quitting = false
let resolveReady: () => void = () => undefined
const whenReady = new Promise<void>((resolve) => {
  resolveReady = resolve
})
const paths = new Map<string, string>()
let openWindows: () => Closable[] = () => []

const appObject = Object.assign(new EventEmitter(), {
  isPackaged: false,
  whenReady: () => whenReady,
  isReady: () => ready,
  getName: () => theRunning().config.name,
  getVersion: () => theRunning().config.version,
  getAppPath: () => theRunning().config.appPath,
  getPath: (name: string): string => {
    const { userData } = theRunning().config
    const set = paths.get(name)
    if (set !== undefined) return set
    switch (name) {
      case 'userData':
      case 'sessionData':
        return userData
      case 'temp':
        return tmpdir()
      case 'downloads':
      case 'documents':
        return join(userData, name)
      default:
        throw new Error(`Failed to get '${name}' path`)
    }
  },
  setPath: (name: string, path: string) => void paths.set(name, path),
  requestSingleInstanceLock: () =>
    acquireLock(appObject.getPath('userData'), (argv, workingFolder) => {
      appObject.emit('second-instance', eventWith({}), argv, workingFolder, {})
    }),
  focus: () => undefined,
  exit: (code = 0) => void shutDown(code),
  quit: () => {
    if (quitting) return
    const event = eventWith({})
    appObject.emit('before-quit', event)
    if (event.defaultPrevented) return
    quitting = true
    void quitWindows()
  }
})
export const app = strict('app', appObject)

export const isReady = (): boolean => ready
export const isQuitting = (): boolean => quitting

/** Tells how to find the windows; they know of the application, not the other way round. */
export function setWindowList(list: () => Closable[]): void {
  openWindows = list
}

/** Emits `ready`. */
export function becomeReady(): void {
  ready = true
  appObject.emit('will-finish-launching')
  appObject.emit('ready', eventWith({}), {})
  resolveReady()
}

async function quitWindows(): Promise<void> {
  for (const window of openWindows()) {
    if (!(await window.closeForQuit())) {
      quitting = false
      return
    }
  }
  const event = eventWith({})
  appObject.emit('will-quit', event)
  if (event.defaultPrevented) quitting = false
  else await shutDown(0)
}

async function shutDown(code: number): Promise<void> {
  const { cdp } = theRunning()
  appObject.emit('quit', eventWith({}), code)
  // A browser may hang as it closes, and then never answers.
  cdp.send('Browser.close').catch(() => undefined)
  await browserGone()
  process.exit(code)
}

/** Leaves when Chromium does, as Electron would. */
export async function leaveWithBrowser(): Promise<void> {
  await browserGone()
  process.exit(0)
}

function browserGone(): Promise<unknown> {
  const timeout = new Promise((resolve) => setTimeout(resolve, LONGEST_EXIT_MS))
  return Promise.race([theRunning().browserExit, timeout])
}
