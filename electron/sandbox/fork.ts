import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { moduleUrl } from '../module-url.ts'

/** Folder of each process's entry file. */
const FOLDERS = {
  'sandbox-process': 'sandbox',
  'delay-link-process': 'sandbox',
  'receiver-process': 'delivery'
} as const

/** Processes beside the main one, each with an entry file of that name. */
export type ChildModule = keyof typeof FOLDERS

/** The parent's end of a child process: messages are structured data, delivered in order. */
export interface ChildHandle {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once; `code` is null when a signal ended the process. */
  onExit(listener: (code: number | null) => void): void
  /** Asks the process to end; with `SIGKILL` it is not asked. */
  kill(signal?: 'SIGKILL'): void
}

/** Starts a process. Node's own fork by default; the desktop shell passes one made with Electron's utilityProcess. */
export type ForkProcess = (moduleName: ChildModule, args: string[]) => ChildHandle

/** {@link ForkProcess} with Node's child_process. */
export const forkNode: ForkProcess = (moduleName, args) => {
  const child = fork(childFile(moduleName), args, {
    // The parent's own flags (an inspector's port, a test runner's loader) are not for the child.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  return {
    post: (message) => {
      // A child that has just ended is reported by its exit event, not here.
      if (child.connected) child.send(message as object, () => undefined)
    },
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => {
      child.once('exit', listener)
      child.once('error', () => listener(null))
    },
    kill: (signal) => {
      // Signals may be meant for the whole process group, so that the child leaves them to its parent.
      if (signal === undefined && child.connected) child.disconnect()
      else if (signal !== undefined) child.kill(signal)
    }
  }
}

/** The file of a child's entry. */
export function childFile(moduleName: ChildModule): string {
  return fileURLToPath(moduleUrl(`${FOLDERS[moduleName]}/${moduleName}`))
}
