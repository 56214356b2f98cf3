// Page-side halves of the double. Never imported: their text is injected over CDP.
export function mainWorld(makeBridge) {
  if (window !== window.top) return
  const b = makeBridge('edm', 'edp')
  // Every popup is answered by webContents.setWindowOpenHandler, which must deny: then window.open() gives null.
  window.open = (url = '', name = '', features = '') => {
    b.dispatch('open', {
      url: String(new URL(url || 'about:blank', document.baseURI)),
      name: String(name),
      features: String(features)
    })
    return null
  }
  b.onPeer('expose', ({ key, api }) => {
    let error
    if (key in window) error = 'Cannot bind an API on top of an existing property on the window object'
    else
      Object.defineProperty(window, key, {
        value: b.unwrap(api, true),
        enumerable: true,
        writable: false,
        configurable: false
      })
    b.dispatch('exposed', { error })
  })
}
export function preloadWorld(makeBridge, makeCodec, info) {
  if (window !== window.top) return
  const b = makeBridge('edp', 'edm'),
    codec = makeCodec()
  const post = globalThis.__edoubleSend
  const open = (d) => {
    post(JSON.stringify({ kind: 'window-open', ...d }))
  }
  b.onPeer('open', open)
  window.addEventListener('click', (e) => {
    const a = e.composedPath().find((n) => n instanceof HTMLAnchorElement && n.href)
    if (
      !a ||
      e.defaultPrevented ||
      !(
        e.ctrlKey ||
        e.metaKey ||
        e.shiftKey ||
        (a.target && !['_self', '_top', '_parent'].includes(a.target))
      )
    )
      return
    e.preventDefault()
    open({ url: a.href, name: a.target, features: '' })
  })
  class Emitter {
    #m = new Map()
    on(n, f) {
      const a = this.#m.get(n) ?? []
      a.push(f)
      this.#m.set(n, a)
      return this
    }
    addListener(n, f) {
      return this.on(n, f)
    }
    once(n, f) {
      const g = (...a) => {
        this.off(n, g)
        f(...a)
      }
      g.listener = f
      return this.on(n, g)
    }
    off(n, f) {
      const a = this.#m.get(n) ?? []
      const i = a.findLastIndex((x) => x === f || x.listener === f)
      if (i >= 0) this.#m.set(n, a.toSpliced(i, 1))
      return this
    }
    removeListener(n, f) {
      return this.off(n, f)
    }
    removeAllListeners(n) {
      if (n === undefined) this.#m.clear()
      else this.#m.delete(n)
      return this
    }
    emit(n, ...a) {
      const l = this.#m.get(n) ?? []
      for (const f of l) f.apply(this, a)
      return l.length > 0
    }
    listenerCount(n) {
      return (this.#m.get(n) ?? []).length
    }
    listeners(n) {
      return [...(this.#m.get(n) ?? [])]
    }
  }
  const pending = new Map()
  let seq = 0
  const msg = (kind, ch, args, id) => {
    if (typeof ch !== 'string') throw new TypeError('channel must be a string')
    post(JSON.stringify({ kind, ch, id, args: codec.encode(args) }))
  }
  const ipcRenderer = Object.assign(new Emitter(), {
    send: (ch, ...args) => {
      msg('send', ch, args)
    },
    invoke: async (ch, ...args) => {
      const id = ++seq
      const p = new Promise((res, rej) => pending.set(id, { res, rej }))
      msg('invoke', ch, args, id)
      return p
    },
    sendSync: () => {
      throw new Error(
        'electron double: ipcRenderer.sendSync is not supported (it blocks the page; use invoke)'
      )
    },
    postMessage: () => {
      throw new Error('electron double: ipcRenderer.postMessage is not supported')
    }
  })
  globalThis.__edoubleRecv = (text) => {
    const m = JSON.parse(text)
    if (m.kind === 'send') {
      ipcRenderer.emit(m.ch, { sender: ipcRenderer, ports: [] }, ...codec.decode(m.args))
      return
    }
    const p = pending.get(m.id)
    if (!p) return
    pending.delete(m.id)
    if ('error' in m) p.rej(new Error(`Error invoking remote method '${m.ch}': ${m.error}`))
    else p.res(codec.decode(m.result))
  }
  let exposed
  b.onPeer('exposed', (r) => {
    exposed = r
  })
  const contextBridge = {
    exposeInMainWorld: (key, api) => {
      b.dispatch('expose', { key, api: b.wrap(api) })
      if (!exposed) throw new Error('edouble: main world is not listening')
      if (exposed.error) throw new Error(exposed.error)
    },
    exposeInIsolatedWorld: () => {
      throw new Error('electron double: exposeInIsolatedWorld is not supported')
    }
  }
  const process = Object.assign(new Emitter(), { ...info.process })
  const modules = new Map([
    ['electron', { contextBridge, ipcRenderer, webFrame: {}, webUtils: { getPathForFile: () => '' } }],
    ['events', Emitter],
    ['timers', { setImmediate: (f, ...a) => setTimeout(f, 0, ...a), clearImmediate: clearTimeout }],
    ['url', { URL, URLSearchParams }]
  ])
  modules.set('electron/renderer', modules.get('electron'))
  const require = (name) => {
    const m = modules.get(name.replace(/^node:/, ''))
    if (m === undefined) throw new Error(`module not found: ${name}`) // what a sandboxed preload says
    return m
  }
  globalThis.__edoublePreload = (path, fn) => {
    const module = { exports: {} }
    try {
      fn(require, process, module.exports, module, undefined, globalThis)
    } catch (e) {
      console.error(`Unable to load preload script: ${path}`)
      console.error(e)
      post(JSON.stringify({ kind: 'preload-error', path, error: String(e) }))
    }
  }
}
