import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron'
import { app, isQuitting, isReady, setWindowList } from './app.ts'
import { eventWith, strictClass } from './problems.ts'
import { theRunning } from './state.ts'
import { WebContents } from './web-contents.ts'

/** How long a page may take over its `beforeunload`, ms. */
const LONGEST_CLOSE_MS = 2000

const windows = new Map<number, BrowserWindow>()

/** A window is a page of Chromium with the state that a window manager would keep. */
export class BrowserWindow extends EventEmitter {
  readonly id: number
  readonly webContents: WebContents
  #bounds: Rectangle
  #visible: boolean
  #shown = false
  #maximised = false
  #minimised = false
  #dead = false
  #closing = false
  readonly #title: string

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super()
    if (!isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    const { x = 0, y = 0, width = 800, height = 600 } = options
    this.#visible = options.show ?? true
    this.#title = options.title ?? theRunning().config.name
    this.#bounds = { x, y, width, height }
    this.webContents = new WebContents(
      {
        readyToShow: () => {
          if (!this.#shown) this.emit('ready-to-show')
          this.#shown = true
        },
        contentsGone: () => {
          this.#gone()
        },
        closeContents: (beforeUnload) => this.#close(beforeUnload)
      },
      options
    )
    this.id = this.webContents.id
    windows.set(this.id, this)
    app.emit('web-contents-created', eventWith({}), this.webContents)
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }
  show(): void {
    this.#visible = true
    this.emit('show')
  }
  focus(): void {
    this.emit('focus')
  }
  minimize(): void {
    this.#minimised = true
    this.emit('minimize')
  }
  maximize(): void {
    this.#maximised = true
    this.emit('maximize')
  }
  restore(): void {
    this.#minimised = false
    this.emit('restore')
  }
  isVisible(): boolean {
    return this.#visible
  }
  isMinimized(): boolean {
    return this.#minimised
  }
  isMaximized(): boolean {
    return this.#maximised
  }
  isDestroyed(): boolean {
    return this.#dead
  }
  getTitle(): string {
    return this.#title
  }
  getBounds(): Rectangle {
    return { ...this.#bounds }
  }
  getNormalBounds(): Rectangle {
    return { ...this.#bounds }
  }
  async setBounds(bounds: Partial<Rectangle>): Promise<void> {
    this.#bounds = { ...this.#bounds, ...bounds }
    await this.webContents.opened
    await this.webContents.resize(this.#bounds.width, this.#bounds.height)
    this.emit('resize')
  }
  close(): void {
    void this.#close(true)
  }
  destroy(): void {
    if (!this.#dead) void this.webContents.destroy()
  }
  closeForQuit(): Promise<boolean> {
    return this.#close(true)
  }

  /** Asks the application, then the page. Answers whether the window is gone. */
  async #close(beforeUnload: boolean): Promise<boolean> {
    if (this.#dead) return true
    if (!this.#closing) {
      const event = eventWith({})
      this.emit('close', event)
      if (event.defaultPrevented) return false
    }
    this.#closing = true
    await this.webContents.opened.catch(() => undefined)
    if (!beforeUnload) {
      await this.webContents.destroy()
      return true
    }
    const closed = new Promise<boolean>((resolve) => {
      if (this.isDestroyed()) resolve(true)
      else this.once('closed', () => resolve(true))
    })
    await this.webContents.requestClose()
    const tooLong = new Promise<boolean>((resolve) => setTimeout(resolve, LONGEST_CLOSE_MS, false))
    const isClosed = await Promise.race([closed, tooLong])
    this.#closing = false
    return isClosed
  }

  #gone(): void {
    if (this.#dead) return
    this.#dead = true
    windows.delete(this.id)
    this.emit('closed')
    if (windows.size === 0 && !isQuitting() && !app.emit('window-all-closed')) app.quit()
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows.values()]
  }
  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return windows.get(contents.id) ?? null
  }
}
strictClass(BrowserWindow, 'BrowserWindow')
setWindowList(() => BrowserWindow.getAllWindows())
