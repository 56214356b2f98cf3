// Structured-clone values <-> JSON text. Loaded by Node (import) and, as text, by the page's isolated world.
export function makeCodec() {
  const b64 = (u8) =>
    typeof Buffer !== 'undefined'
      ? Buffer.from(u8.buffer, u8.byteOffset, u8.byteLength).toString('base64')
      : u8.toBase64()
  const unb64 = (s) =>
    typeof Buffer !== 'undefined' ? new Uint8Array(Buffer.from(s, 'base64')) : Uint8Array.fromBase64(s)
  const tagOf = (v) => Object.prototype.toString.call(v).slice(8, -1)
  function encode(value) {
    const refs = new Map()
    const enc = (v) => {
      if (v === null || typeof v === 'string' || typeof v === 'boolean') return v
      if (typeof v === 'number')
        return Number.isFinite(v) && !Object.is(v, -0) ? v : ['n', Object.is(v, -0) ? '-0' : String(v)]
      if (v === undefined) return ['u']
      if (typeof v === 'bigint') return ['b', String(v)]
      if (refs.has(v)) return ['@', refs.get(v)]
      refs.set(v, refs.size)
      if (Array.isArray(v)) return ['A', Array.from(v, enc)]
      if (ArrayBuffer.isView(v))
        return ['V', tagOf(v), b64(new Uint8Array(v.buffer, v.byteOffset, v.byteLength))]
      switch (tagOf(v)) {
        case 'Date':
          return ['D', v.getTime()]
        case 'RegExp':
          return ['R', v.source, v.flags]
        case 'Map':
          return ['M', Array.from(v, ([k, x]) => [enc(k), enc(x)])]
        case 'Set':
          return ['S', Array.from(v, enc)]
        case 'ArrayBuffer':
          return ['B', b64(new Uint8Array(v))]
        case 'Error':
          return ['E', v.name, v.message, v.stack]
        case 'Object':
          return ['O', Object.keys(v).map((k) => [k, enc(v[k])])]
        default:
          throw new Error('An object could not be cloned.')
      }
    }
    let clone
    try {
      clone = structuredClone(value)
    } catch {
      throw new Error('An object could not be cloned.')
    }
    return JSON.stringify(enc(clone))
  }
  function decode(text) {
    const refs = []
    const dec = (e) => {
      if (!Array.isArray(e)) return e
      const keep = (o) => {
        refs.push(o)
        return o
      }
      switch (e[0]) {
        case 'n':
          return Number(e[1])
        case 'u':
          return undefined
        case 'b':
          return BigInt(e[1])
        case '@':
          return refs[e[1]]
        case 'A': {
          const o = keep([])
          for (const x of e[1]) o.push(dec(x))
          return o
        }
        case 'V': {
          const u = unb64(e[2])
          return keep(
            e[1] === 'Uint8Array'
              ? u
              : new globalThis[e[1]](
                  u.buffer,
                  u.byteOffset,
                  u.byteLength / (globalThis[e[1]].BYTES_PER_ELEMENT ?? 1)
                )
          )
        }
        case 'D':
          return keep(new Date(e[1] ?? NaN))
        case 'R':
          return keep(new RegExp(e[1], e[2]))
        case 'M': {
          const o = keep(new Map())
          for (const [k, x] of e[1]) o.set(dec(k), dec(x))
          return o
        }
        case 'S': {
          const o = keep(new Set())
          for (const x of e[1]) o.add(dec(x))
          return o
        }
        case 'B':
          return keep(unb64(e[1]).buffer)
        case 'E': {
          const o = keep(new (globalThis[e[1]] ?? Error)(e[2]))
          o.stack = e[3]
          return o
        }
        case 'O': {
          const o = keep({})
          for (const [k, x] of e[1])
            Object.defineProperty(o, k, {
              value: dec(x),
              enumerable: true,
              writable: true,
              configurable: true
            })
          return o
        }
        default:
          throw new Error('edouble codec: ' + e[0])
      }
    }
    return dec(JSON.parse(text))
  }
  return { encode, decode }
}
