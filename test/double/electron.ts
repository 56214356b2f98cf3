/**
 * Stands in for the `electron` module in the main process; its windows are pages of a real Chromium. It has what
 * Chattermark uses and no more: anything else fails loudly and is noted in `problems`.
 */
import type * as E from 'electron'
import { app } from './app.ts'
import { BrowserWindow } from './browser-window.ts'
import { ipcMain } from './ipc-main.ts'
import { Menu, MenuItem } from './menu.ts'
import { protocol } from './protocol.ts'
import { session } from './session.ts'
import { dialog, powerSaveBlocker, safeStorage, screen, shell } from './system.ts'
import { utilityProcess } from './utility-process.ts'
import { webContents } from './web-contents.ts'

export {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess,
  webContents
}
export default {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MenuItem,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess,
  webContents
}

/** The double must be callable as Electron's own types say: a signature that drifts is a type error here. */
type Fits<T, U extends T> = U
type Window = InstanceType<typeof E.BrowserWindow>
export type Contract = [
  Fits<
    Pick<
      E.App,
      'isPackaged' | 'quit' | 'exit' | 'getPath' | 'setPath' | 'getName' | 'requestSingleInstanceLock'
    >,
    typeof app
  >,
  Fits<
    Pick<
      Window,
      | 'loadURL'
      | 'show'
      | 'focus'
      | 'maximize'
      | 'restore'
      | 'isMinimized'
      | 'isMaximized'
      | 'getNormalBounds'
      | 'close'
      | 'destroy'
    >,
    BrowserWindow
  >,
  Fits<Pick<E.Shell, 'openExternal'>, typeof shell>,
  Fits<Pick<E.Dialog, 'showErrorBox'>, typeof dialog>,
  Fits<Pick<E.PowerSaveBlocker, 'start' | 'isStarted'>, typeof powerSaveBlocker>,
  Fits<
    Pick<
      E.SafeStorage,
      'encryptStringAsync' | 'decryptStringAsync' | 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend'
    >,
    typeof safeStorage
  >
]
