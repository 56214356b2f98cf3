import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions } from 'electron'
import { makeCodec } from './codec.js'
import { ipcMain } from './ipc-main.ts'
import { mainWorldScript, PRELOAD_WORLD, preloadScript, preloadWorldScript } from './page-scripts.ts'
import { eventWith, problems, strict, strictClass } from './problems.ts'
import { fromChromium, schemeHandler, toChromium } from './protocol.ts'
import { theRunning } from './state.ts'

interface Frame {
  id: string
  parentId?: string
  url: string
}
interface PausedRequest {
  requestId: string
  request: { url: string; method: string; headers: Record<string, string> }
  frameId: string
  resourceType: string
}
/** What the page's half says. */
type PageMessage =
  | { kind: 'send'; ch: string; args: string }
  | { kind: 'invoke'; ch: string; args: string; id: number }
  | { kind: 'window-open'; url: string; name: string; features: string }
  | { kind: 'preload-error'; path: string; error: string }

/** What a window owes its contents, and the other way round. */
export interface ContentsOwner {
  readyToShow(): void
  contentsGone(): void
  closeContents(beforeUnload: boolean): Promise<boolean>
}

/** Values of `webPreferences` that the double does not play along with. */
const UNSAFE = {
  nodeIntegration: true,
  contextIsolation: false,
  sandbox: false,
  webSecurity: false,
  nodeIntegrationInSubFrames: true,
  allowRunningInsecureContent: true
} as const

const codec = makeCodec()
const all = new Map<number, WebContents>()
let lastId = 0

/** A page of the real Chromium, driven over the DevTools protocol. */
export class WebContents extends EventEmitter {
  readonly id = ++lastId
  readonly mainFrame: { readonly url: string; readonly parent: null }
  /** Resolves when the page can be used. */
  readonly opened: Promise<void>
  readonly #owner: ContentsOwner
  #target = ''
  #session = ''
  #frameId = ''
  #preloadContext = 0
  #url = ''
  #expectedUrl = ''
  #dead = false
  #openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' })

  constructor(owner: ContentsOwner, options: BrowserWindowConstructorOptions) {
    super()
    this.#owner = owner
    const url = (): string => this.#url
    this.mainFrame = {
      get url() {
        return url()
      },
      parent: null
    }
    all.set(this.id, this)
    this.opened = this.#open(options)
    this.opened.catch((error: unknown) => {
      if (!this.#dead) console.error(error)
    })
  }

  get targetId(): string {
    return this.#target
  }

  #call<T = unknown>(method: string, params: object = {}): Promise<T> {
    return theRunning().cdp.send<T>(method, params, this.#session)
  }

  async #open({
    width = 800,
    height = 600,
    webPreferences = {}
  }: BrowserWindowConstructorOptions): Promise<void> {
    for (const [key, value] of Object.entries(UNSAFE)) {
      if (webPreferences[key as keyof typeof UNSAFE] === value) {
        throw new Error(`electron double: webPreferences.${key}=${value} is refused`)
      }
    }
    const { cdp } = theRunning()
    const created = { url: 'about:blank', newWindow: true, width, height }
    this.#target = (await cdp.send<{ targetId: string }>('Target.createTarget', created)).targetId
    const attach = { targetId: this.#target, flatten: true }
    this.#session = (await cdp.send<{ sessionId: string }>('Target.attachToTarget', attach)).sessionId
    this.#listen()
    const { frameTree } = await this.#call<{ frameTree: { frame: Frame } }>('Page.getFrameTree')
    this.#frameId = frameTree.frame.id
    this.#url = frameTree.frame.url
    await Promise.all([
      this.#call('Page.enable'),
      this.#call('Runtime.enable'),
      this.#call('Inspector.enable'),
      this.#call('Fetch.enable', {
        patterns: [{ resourceType: 'Document' }, { urlPattern: 'http://*.localhost/*' }]
      }),
      this.#call('Runtime.addBinding', { name: '__edoubleSend', executionContextName: PRELOAD_WORLD })
    ])
    await this.resize(width, height)
    await this.#call('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldScript })
    await this.#inPreloadWorld(preloadWorldScript())
    if (webPreferences.preload !== undefined) await this.#loadPreload(webPreferences.preload)
  }

  #inPreloadWorld(source: string): Promise<unknown> {
    return this.#call('Page.addScriptToEvaluateOnNewDocument', { worldName: PRELOAD_WORLD, source })
  }

  async #loadPreload(path: string): Promise<void> {
    try {
      await this.#inPreloadWorld(preloadScript(path))
    } catch (error) {
      this.#preloadFailed(path, error)
    }
  }

  #preloadFailed(path: string, error: unknown): void {
    problems.push(`preload ${path}: ${String(error)}`)
    this.emit('preload-error', eventWith({}), path, error)
  }

  #listen(): void {
    const { cdp } = theRunning()
    const on = <P>(method: string, handler: (params: P) => void): void => {
      cdp.on(method, this.#session, handler)
    }
    on<{ name: string; payload: string }>('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === '__edoubleSend') this.#fromPage(JSON.parse(payload) as PageMessage)
    })
    on<{ context: { id: number; name: string; auxData?: { frameId: string } } }>(
      'Runtime.executionContextCreated',
      ({ context: { id, name, auxData } }) => {
        if (name === PRELOAD_WORLD && auxData?.frameId === this.#frameId) this.#preloadContext = id
      }
    )
    on<{ executionContextId: number }>('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === this.#preloadContext) this.#preloadContext = 0
    })
    on<{ frame: Frame }>('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return
      this.#url = fromChromium(frame.url)
      this.emit('did-navigate', eventWith({}), this.#url)
    })
    on('Page.loadEventFired', () => {
      this.emit('did-finish-load', eventWith({}))
      this.#owner.readyToShow()
    })
    on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', eventWith({}), { reason: 'crashed', exitCode: 1 })
    })
    on<PausedRequest>('Fetch.requestPaused', (paused) => void this.#answerRequest(paused))
    cdp.on<{ sessionId: string }>('Target.detachedFromTarget', '', ({ sessionId }) => {
      if (sessionId === this.#session) this.gone()
    })
    cdp.on<{ targetInfo: { targetId: string; openerId?: string; type: string } }>(
      'Target.targetCreated',
      '',
      ({ targetInfo: { targetId, openerId, type } }) => {
        if (openerId === this.#target && type === 'page') {
          problems.push(`a popup opened behind the double's back: ${targetId}`)
        }
      }
    )
  }

  /** Makes the page's viewport exactly `width` x `height`, whatever frame Chromium draws around it. */
  async resize(width: number, height: number): Promise<void> {
    const { cdp } = theRunning()
    const { windowId, bounds } = await cdp.send<{
      windowId: number
      bounds: { width: number; height: number }
    }>('Browser.getWindowForTarget', { targetId: this.#target })
    const { cssLayoutViewport: viewport } = await this.#call<{
      cssLayoutViewport: { clientWidth: number; clientHeight: number }
    }>('Page.getLayoutMetrics')
    await cdp.send('Browser.setWindowBounds', {
      windowId,
      bounds: {
        width: width + bounds.width - viewport.clientWidth,
        height: height + bounds.height - viewport.clientHeight
      }
    })
  }

  async #answerRequest({ requestId, request, frameId, resourceType }: PausedRequest): Promise<void> {
    const url = fromChromium(request.url)
    const isNavigation = resourceType === 'Document' && frameId === this.#frameId
    if (isNavigation && !this.#mayNavigate(url)) {
      await this.#settle('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
      return
    }
    const handler = url === request.url ? undefined : schemeHandler(url)
    if (handler === undefined) {
      await this.#settle('Fetch.continueRequest', { requestId })
      return
    }
    // Chromium asks http: pages for an icon; Electron asks pages of other schemes for none.
    if (new URL(url).pathname === '/favicon.ico') {
      await this.#settle('Fetch.fulfillRequest', { requestId, responseCode: 204 })
      return
    }
    try {
      const { method, headers } = request
      const response = await handler(new Request(url, { method, headers }))
      await this.#settle('Fetch.fulfillRequest', {
        requestId,
        responseCode: response.status,
        responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
        body: Buffer.from(await response.arrayBuffer()).toString('base64')
      })
    } catch (error) {
      problems.push(`protocol handler ${url}: ${String(error)}`)
      await this.#settle('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    }
  }

  /** Asks the application about a navigation that it did not start itself. */
  #mayNavigate(url: string): boolean {
    if (url !== this.#expectedUrl && url !== this.#url) {
      const event = eventWith({ url, isMainFrame: true, isSameDocument: false })
      this.emit('will-navigate', event, url)
      if (event.defaultPrevented) return false
    }
    this.emit('did-start-navigation', eventWith({ url, isMainFrame: true, isSameDocument: false }))
    return true
  }

  /** The page may be gone before an answer reaches it. */
  async #settle(method: string, params: object): Promise<void> {
    await this.#call(method, params).catch(() => undefined)
  }

  #fromPage(message: PageMessage): void {
    switch (message.kind) {
      case 'preload-error':
        this.#preloadFailed(message.path, new Error(message.error))
        return
      case 'window-open': {
        const { action } = this.#openHandler(message)
        if (action !== 'deny')
          problems.push(`window.open(${message.url}) was allowed; the double only knows 'deny'`)
        return
      }
      case 'send':
        ipcMain.emit(message.ch, this.#ipcEvent(), ...(codec.decode(message.args) as unknown[]))
        return
      case 'invoke':
        void this.#invoke(message)
    }
  }

  #ipcEvent(): object {
    return eventWith({ sender: this, senderFrame: this.mainFrame })
  }

  async #invoke({ ch, args, id }: PageMessage & { kind: 'invoke' }): Promise<void> {
    try {
      const handler = ipcMain.handlers.get(ch) as ((...all: unknown[]) => unknown) | undefined
      if (handler === undefined) throw new Error(`No handler registered for '${ch}'`)
      const result = await handler(this.#ipcEvent(), ...(codec.decode(args) as unknown[]))
      this.#toPage({ kind: 'reply', id, ch, result: codec.encode(result) })
    } catch (error) {
      console.error(`Error occurred in handler for '${ch}':`, error)
      this.#toPage({ kind: 'reply', id, ch, error: String(error) })
    }
  }

  /** As in Electron, what is sent to a page without a listener is lost. */
  #toPage(message: object): void {
    if (this.#preloadContext === 0 || this.#dead) return
    const expression = `__edoubleRecv(${JSON.stringify(JSON.stringify(message))})`
    void this.#settle('Runtime.evaluate', { expression, contextId: this.#preloadContext })
  }

  send(channel: string, ...args: unknown[]): void {
    if (this.#dead) throw new TypeError('Object has been destroyed')
    this.#toPage({ kind: 'send', ch: channel, args: codec.encode(args) })
  }

  async loadURL(url: string): Promise<void> {
    await this.opened
    this.#expectedUrl = new URL(url).href
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', resolve))
    const { errorText } = await this.#call<{ errorText?: string }>('Page.navigate', {
      url: toChromium(this.#expectedUrl)
    })
    if (errorText !== undefined) throw new Error(`${errorText} loading '${url}'`)
    await loaded
  }

  getURL(): string {
    return this.#url === 'about:blank' ? '' : this.#url
  }

  isDestroyed(): boolean {
    return this.#dead
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.#openHandler = handler
  }

  /** Playwright closes pages with this. */
  close({ waitForBeforeUnload = false } = {}): void {
    void this.#owner.closeContents(waitForBeforeUnload)
  }

  /** Closes Chromium's page, letting it ask the user first. */
  async requestClose(): Promise<void> {
    await this.#settle('Page.close', {})
  }

  async destroy(): Promise<void> {
    await this.opened.catch(() => undefined)
    await theRunning()
      .cdp.send('Target.closeTarget', { targetId: this.#target })
      .catch(() => undefined)
    this.gone()
  }

  gone(): void {
    if (this.#dead) return
    this.#dead = true
    all.delete(this.id)
    this.emit('destroyed', eventWith({}))
    this.#owner.contentsGone()
  }

  static fromDevToolsTargetId(target: string): WebContents | undefined {
    return [...all.values()].find((contents) => contents.targetId === target)
  }
}
strictClass(WebContents, 'webContents')

export const webContents = strict('webContents', {
  fromDevToolsTargetId: (target: string) => WebContents.fromDevToolsTargetId(target),
  getAllWebContents: () => [...all.values()]
})
