import type { Bridge } from '../shared/page/ipc.ts'
import { connectSocketBridge, type SocketBridge } from './socket-bridge.ts'

declare global {
  interface Window {
    /** Put there by the desktop's preload script. */
    readonly chattermark?: Bridge
  }
}

/** What the desktop gives is always connected. */
function alwaysConnected(desktop: Bridge): SocketBridge {
  return {
    ...desktop,
    onConnection: (listener) => {
      listener(true)
      return () => undefined
    }
  }
}

/** The page's only way out: Electron's IPC in the desktop, a WebSocket in a browser. */
export const bridge: SocketBridge = window.chattermark
  ? alwaysConnected(window.chattermark)
  : connectSocketBridge(window.location)
