import { EventEmitter } from 'node:events'
import { strict } from './problems.ts'

export type IpcHandler = (event: never, ...args: never[]) => unknown

class IpcMainDouble extends EventEmitter {
  readonly handlers = new Map<string, IpcHandler>()

  handle(channel: string, handler: IpcHandler): void {
    if (this.handlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    }
    this.handlers.set(channel, handler)
  }

  removeHandler(channel: string): void {
    this.handlers.delete(channel)
  }
}

export const ipcMain = strict('ipcMain', new IpcMainDouble())
