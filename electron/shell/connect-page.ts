import type { IpcMain, WebContents } from 'electron'
import { CALL_CHANNELS, PUSH_CHANNELS } from '../../shared/page/channels.ts'
import type { Answer, PushChannel } from '../../shared/page/ipc.ts'
import type { Api } from '../api/create-api.ts'

const FOREIGN: Answer<never> = {
  ok: false,
  error: { message: 'Only Chattermark’s own page may ask.', hint: null }
}

/**
 * Connects the window's page to the API over Electron's IPC. Whatever does not come from the page itself is refused.
 * @param isOwnPage judges the address of the frame that sent something
 */
export function connectPage(
  ipcMain: IpcMain,
  page: WebContents,
  api: Api,
  isOwnPage: (url: string) => boolean
): void {
  const subscriptions = new Map<PushChannel, () => void>()
  const endAll = (): void => {
    for (const end of subscriptions.values()) end()
    subscriptions.clear()
  }
  const isOwn = (event: { sender: WebContents; senderFrame: { url: string } | null }): boolean =>
    event.sender === page && event.senderFrame !== null && isOwnPage(event.senderFrame.url)

  for (const channel of CALL_CHANNELS) {
    ipcMain.handle(channel, (event, args: unknown) => (isOwn(event) ? api.call(channel, args) : FOREIGN))
  }
  ipcMain.on('subscribe', (event, channel: unknown) => {
    if (!isOwn(event) || !isPushChannel(channel) || subscriptions.has(channel)) return
    subscriptions.set(
      channel,
      api.subscribe(channel, (payload) => {
        if (!page.isDestroyed()) page.send(channel, payload)
      })
    )
  })
  ipcMain.on('unsubscribe', (event, channel: unknown) => {
    if (!isOwn(event) || !isPushChannel(channel)) return
    subscriptions.get(channel)?.()
    subscriptions.delete(channel)
  })
  page.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) endAll()
  })
  page.on('render-process-gone', endAll)
  page.on('destroyed', endAll)
}

function isPushChannel(channel: unknown): channel is PushChannel {
  return (PUSH_CHANNELS as readonly unknown[]).includes(channel)
}
