import { contextBridge, ipcRenderer } from 'electron'
import { CALL_CHANNELS, PUSH_CHANNELS } from '../shared/page/channels.ts'
import type { Answer, Bridge } from '../shared/page/ipc.ts'

const calls: ReadonlySet<string> = new Set(CALL_CHANNELS)
const pushes: ReadonlySet<string> = new Set(PUSH_CHANNELS)
const listeners = new Map<string, number>()

const unknownChannel: Answer<never> & { ok: false } = {
  ok: false,
  error: { message: 'The page asked for something that does not exist.', hint: null }
}

/** All that the page gets of the desktop: the channels of the map, and nothing of Electron. */
const bridge: Bridge = {
  call: (channel, ...args) => {
    if (!calls.has(channel)) return Promise.resolve(unknownChannel)
    return ipcRenderer.invoke(channel, args) as Promise<Answer<never>>
  },
  on: (channel, listener) => {
    if (!pushes.has(channel)) throw new Error(unknownChannel.error.message)
    const hear = (_event: unknown, payload: Parameters<typeof listener>[0]): void => {
      listener(payload)
    }
    ipcRenderer.on(channel, hear)
    count(channel, 1)
    let listening = true
    return () => {
      if (!listening) return
      listening = false
      ipcRenderer.removeListener(channel, hear)
      count(channel, -1)
    }
  }
}

/** Tells the main process when the first listener comes and when the last goes, so that it pushes to nobody. */
function count(channel: string, change: 1 | -1): void {
  const before = listeners.get(channel) ?? 0
  listeners.set(channel, before + change)
  if (before === 0) ipcRenderer.send('subscribe', channel)
  else if (before + change === 0) ipcRenderer.send('unsubscribe', channel)
}

contextBridge.exposeInMainWorld('chattermark', bridge)
