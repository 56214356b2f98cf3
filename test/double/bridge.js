// Synchronous bridge between the page's main world and the preload's isolated world (both run this text).
// The worlds share one DOM `window`, and CustomEvent.detail is structured-cloned when read from another world,
// so a dispatch is a synchronous cross-world call whose arguments are always copies: contextBridge's semantics.
export function makeBridge(me, peer) {
  const CE = CustomEvent,
    win = window,
    dispatch = win.dispatchEvent.bind(win)
  const on = win.addEventListener.bind(win),
    off = win.removeEventListener.bind(win)
  const fns = new Map(),
    origin = new WeakMap(),
    promises = new Map()
  let next = 1
  const cannot = () => new Error('An object could not be cloned.')
  const isPromise = (v) => Object.prototype.toString.call(v) === '[object Promise]'
  function wrap(v) {
    if (typeof v === 'function') {
      if (origin.has(v)) return { back: origin.get(v) }
      const id = next++
      fns.set(id, v)
      return { f: id }
    }
    if (typeof v === 'symbol') return { c: undefined }
    if (v === null || typeof v !== 'object') return { c: v }
    if (Object.prototype.toString.call(v) === '[object Error]') return { e: v.message, s: v.stack }
    if (isPromise(v)) {
      const id = next++
      v.then(
        (x) => settle(id, true, x),
        (x) => settle(id, false, x)
      )
      return { p: id }
    }
    try {
      structuredClone(v)
      return { c: v }
    } catch {
      /* holds a function or promise, or is a Proxy / host object */
    }
    if (Array.isArray(v)) {
      const a = v.map(wrap)
      if (!a.some(special)) throw cannot()
      return { a }
    }
    const proto = Object.getPrototypeOf(v)
    if (proto !== null && Object.prototype.toString.call(v) !== '[object Object]') throw cannot()
    const o = Object.keys(v).map((k) => [k, wrap(v[k])])
    if (!o.some(([, w]) => special(w))) throw cannot() // every part clones but the whole does not: a Proxy
    return { o }
  }
  const special = (w) => 'f' in w || 'p' in w || 'a' in w || 'o' in w || 'back' in w || 'e' in w
  function settle(id, ok, x) {
    let w
    try {
      w = wrap(x)
    } catch (e) {
      ok = false
      w = wrap(e)
    }
    dispatch(new CE(me + ':settle', { detail: { id, ok, w } }))
  }
  function unwrap(w, freeze) {
    const fr = (o) => (freeze ? Object.freeze(o) : o)
    if ('back' in w) return fns.get(w.back)
    if ('f' in w) {
      const proxy = (...args) => {
        const nonce = peer + ':r' + String(next++)
        let reply
        const h = (e) => {
          reply = e.detail
        }
        on(nonce, h)
        try {
          dispatch(new CE(me + ':call', { detail: { id: w.f, nonce, args: args.map(wrap) } }))
        } finally {
          off(nonce, h)
        }
        if (!reply) throw new Error('edouble bridge: no reply')
        if (reply.err) throw unwrap(reply.err)
        return unwrap(reply.ok)
      }
      origin.set(proxy, w.f)
      return proxy
    }
    if ('e' in w) {
      const e = new Error(w.e)
      return e
    }
    if ('p' in w) return new Promise((res, rej) => promises.set(w.p, { res, rej }))
    if ('a' in w) return fr(w.a.map((x) => unwrap(x, freeze)))
    if ('o' in w) {
      const o = {}
      for (const [k, x] of w.o) o[k] = unwrap(x, freeze)
      return fr(o)
    }
    return typeof w.c === 'object' && w.c !== null ? fr(w.c) : w.c
  }
  on(peer + ':call', (ev) => {
    const { id, nonce, args } = ev.detail
    let r
    try {
      r = { ok: wrap(fns.get(id)(...args.map((x) => unwrap(x)))) }
    } catch (e) {
      r = { err: wrap(e instanceof Error ? e : new Error(String(e))) }
    }
    dispatch(new CE(nonce, { detail: r }))
  })
  on(peer + ':settle', (ev) => {
    const { id, ok, w } = ev.detail,
      p = promises.get(id)
    if (!p) return
    promises.delete(id)
    if (ok) p.res(unwrap(w))
    else p.rej(unwrap(w))
  })
  return {
    wrap,
    unwrap,
    dispatch: (name, detail) => dispatch(new CE(me + ':' + name, { detail })),
    onPeer: (name, f) => on(peer + ':' + name, (e) => f(e.detail))
  }
}
