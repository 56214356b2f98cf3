import { MAX_HOPS } from '../../shared/record/delivery-record.ts'
import { visibleText } from '../../shared/text/visible.ts'

/** A machine that a message says it passed. */
export interface Hop {
  /** `by mx.example.com with ESMTPS`. */
  name: string
  /** Its own time of day, ms since 1970, to the second. */
  atMs: number
}

/** A field with the lines that it goes on in. */
const RECEIVED = /^received:((?:[^\r\n]|\r?\n[ \t])*)/gim
const NAME_CHARACTERS = 120
/** Names that are told apart; what a hostile relay makes up beyond counts as one. */
const MAX_NAMES = 200

/** The way that a message's `Received` fields tell of (RFC 5321, section 4.4), the sender's side first. */
export function findHops(header: string): Hop[] {
  const hops: Hop[] = []
  for (const [, field = ''] of header.matchAll(RECEIVED)) {
    const stamp = field.slice(field.lastIndexOf(';') + 1).replace(/\([^)]*\)/g, ' ')
    const atMs = Date.parse(stamp.trim())
    const by = /\sby\s+([^\s;()]+)/i.exec(field)?.[1]
    if (by === undefined || !Number.isFinite(atMs)) continue
    const protocol = /\swith\s+([^\s;()]+)/i.exec(field)?.[1]
    hops.push({ name: `by ${short(by)}${protocol === undefined ? '' : ` with ${short(protocol)}`}`, atMs })
    if (hops.length === MAX_HOPS) break
  }
  return hops.reverse()
}

function short(text: string): string {
  return visibleText(text.slice(0, NAME_CHARACTERS))
}

/** Names of hops by number: each is told once. */
export class HopNames {
  readonly list: string[] = []
  readonly #places = new Map<string, number>()

  placeOf(name: string): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    if (this.list.length > MAX_NAMES) return MAX_NAMES
    const place = this.list.push(this.list.length === MAX_NAMES ? 'others' : name) - 1
    if (place < MAX_NAMES) this.#places.set(name, place)
    return place
  }
}
