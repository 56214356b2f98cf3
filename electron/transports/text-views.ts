/**
 * A text in another spelling, as bytes, one to a character, that knows where each of its characters stood in the text as
 * it came.
 */
export class View {
  readonly text: string
  /** Where each character came from: its start, and its end; null where each stands in its own place. */
  readonly #places: { from: Int32Array; to: Int32Array } | null

  constructor(text: string, places: { from: Int32Array; to: Int32Array } | null) {
    this.text = text
    this.#places = places
  }

  /** The same places with other characters, as many. */
  with(text: string): View {
    return new View(text, this.#places)
  }

  /** The part of the text as it came that characters `from` to `to` stand for. */
  range(from: number, to: number): readonly [number, number] {
    if (this.#places === null) return [from, to]
    return [this.#places.from[from] ?? 0, this.#places.to[to - 1] ?? 0]
  }

  /** Writes the places of characters `from` to `to` into two arrays. */
  places(from: number, to: number, starts: Int32Array, ends: Int32Array, at: number): void {
    if (this.#places !== null) {
      starts.set(this.#places.from.subarray(from, to), at)
      ends.set(this.#places.to.subarray(from, to), at)
      return
    }
    for (let place = from; place < to; place++, at++) {
      starts[at] = place
      ends[at] = place + 1
    }
  }

  /** Whether nothing was left out between two characters. */
  touches(one: number, next: number): boolean {
    return this.range(one, one + 1)[1] === this.range(next, next + 1)[0]
  }

  /** A view without what may stand between the characters that matter; the same one where there is nothing of it. */
  without(between: RegExp): View {
    const builder = new ViewBuilder(this.text.length)
    let done = 0
    for (const { index, 0: found } of this.text.matchAll(between)) {
      builder.copy(this, done, index)
      done = index + found.length
    }
    if (done === 0) return this
    builder.copy(this, done, this.text.length)
    return builder.view()
  }
}

class ViewBuilder {
  #text = ''
  readonly #from: Int32Array
  readonly #to: Int32Array

  constructor(most: number) {
    this.#from = new Int32Array(most)
    this.#to = new Int32Array(most)
  }

  /** @param bytes characters below 256 that all stand for the same place */
  add(bytes: string, from: number, to: number): void {
    for (const byte of bytes) {
      this.#from[this.#text.length] = from
      this.#to[this.#text.length] = to
      this.#text += byte
    }
  }

  /** Takes over characters `from` to `to` of a view. */
  copy(view: View, from: number, to: number): void {
    view.places(from, to, this.#from, this.#to, this.#text.length)
    this.#text += view.text.slice(from, to)
  }

  view(): View {
    return new View(this.#text, { from: this.#from, to: this.#to })
  }
}

/** How often a text may have been escaped over and over. */
const MOST_LAYERS = 6
/** Names of characters in markup (HTML 4 and XML) that a secret may hold. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', sol: '/', plus: '+', percnt: '%' },
  ...{ equals: '=', num: '#', dollar: '$', excl: '!', quest: '?', colon: ':', semi: ';', comma: ',' },
  ...{ period: '.', lpar: '(', rpar: ')', lsqb: '[', lbrack: '[', rsqb: ']', rbrack: ']', lcub: '{' },
  ...{ lbrace: '{', rcub: '}', rbrace: '}', bsol: '\\', commat: '@', ast: '*', lowbar: '_', verbar: '|' },
  ...{ vert: '|', grave: '`', Hat: '^', NewLine: '\n', Tab: '\t', hyphen: '-' }
}
/** Single letters behind a backslash, in JSON and in most languages. */
const BACKSLASHED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', 0: '\0' }
/**
 * One escape: percent encoding, a code point behind a backslash (`\u002b`, `\u{2b}`, `\x2b`, `\053`), any other character behind one,
 * a character reference, or quoted-printable.
 */
const ESCAPES = {
  '%': '%u(?<percentU>[0-9a-f]{4})|%(?<percent>[0-9a-f]{2})',
  '\\': String.raw`\\u\{(?<braced>[0-9a-f]{1,6})\}|\\u(?<unicode>[0-9a-f]{4})|\\x(?<hex>[0-9a-f]{2})|\\(?<octal>[0-3][0-7]{2})|\\(?<backslashed>[^\r\n])`,
  '&': '&#x0*(?<hexRef>[0-9a-f]{1,6});?|&#0*(?<decimalRef>[0-9]{1,7});?|&(?<named>[a-z]{2,8});',
  '=': '=(?<quoted>[0-9a-f]{2})'
} as const
type Sign = keyof typeof ESCAPES
const SIGNS = Object.keys(ESCAPES) as Sign[]
/** Every escape, and every escape but those of one sign. */
const ALL = escapesBut(null)
const ALL_BUT = new Map(SIGNS.map((sign) => [sign, escapesBut(sign)]))

function escapesBut(sign: Sign | null): RegExp {
  return new RegExp(
    SIGNS.filter((each) => each !== sign)
      .map((each) => ESCAPES[each])
      .join('|'),
    'gi'
  )
}

/**
 * What a line break puts between two halves: nothing, a soft break, a continued SMTP reply's codes, or the indent of a
 * folded header. One reading each: where two of them apply, only one is right.
 */
const BREAKS = [
  /\r?\n/g,
  /=\r?\n/g,
  /\r?\n(?:\d{3}[- ])?/g,
  /\r?\n\d{3}[- ]\d\.\d{1,3}\.\d{1,3} /g,
  /\r?\n[ \t]+/g
]
/** What nobody sees: NUL between the bytes of UTF-16, soft hyphens, zero-width characters, byte order marks. */
const INVISIBLE = /[\0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/

/** A text in every spelling that undoing escapes gives: as it is, once undone, twice, and so on, lines joined and not. */
export function views(text: string): View[] {
  const roots = [asItIs(text)]
  if (/[\u0080-\u00ff]/.test(text)) roots.push(asLatin1(text))
  if (text.includes('\n')) roots.push(...BREAKS.map((pattern) => asItIs(text).without(pattern)))
  // A plus is a space in a form's values, and a plus everywhere else.
  for (const root of [...roots]) if (root.text.includes('+')) roots.push(plusAsSpace(root))
  return roots.flatMap((root) => {
    const signs = SIGNS.filter((sign) => root.text.includes(sign))
    if (signs.length === 0) return [root]
    // What ends in a sign that begins an escape must not swallow what follows it.
    const rest = signs.flatMap((sign) => undoneLayers(root, ALL_BUT.get(sign) ?? ALL))
    return [root, ...undoneLayers(root, ALL), ...rest]
  })
}

function undoneLayers(root: View, escapes: RegExp): View[] {
  const layers: View[] = []
  for (let latest = undone(root, escapes); latest !== null && layers.length < MOST_LAYERS;) {
    layers.push(latest)
    latest = undone(latest, escapes)
  }
  return layers
}

/** Characters as the bytes of their UTF-8. */
function asItIs(text: string): View {
  // eslint-disable-next-line no-control-regex -- ASCII but for NUL, which is one byte to a character
  if (/^[\x01-\x7f]*$/.test(text)) return asLatin1(text)
  const builder = new ViewBuilder(text.length * 3)
  let at = 0
  for (const char of text) {
    const to = at + char.length
    if (!INVISIBLE.test(char)) {
      builder.add(char < '\u0080' ? char : Buffer.from(char, 'utf8').toString('latin1'), at, to)
    }
    at = to
  }
  return builder.view()
}

/** Bytes that somebody took for Latin-1: characters below 256 are what they were. */
function asLatin1(text: string): View {
  return new View(text.replace(/[^\0-\u00ff]/g, '?'), null)
}

function plusAsSpace(view: View): View {
  return view.with(view.text.replaceAll('+', ' '))
}

/** A view with one layer of escapes undone; null where there is none. */
function undone(view: View, escapes: RegExp): View | null {
  const { text } = view
  let builder: ViewBuilder | null = null
  let done = 0
  for (const escape of text.matchAll(escapes)) {
    const { index, 0: found } = escape
    const bytes = meaning(escape.groups ?? {})
    if (bytes === null) continue
    builder ??= new ViewBuilder(text.length * 3)
    builder.copy(view, done, index)
    done = index + found.length
    builder.add(bytes, ...view.range(index, done))
  }
  if (builder === null) return null
  builder.copy(view, done, text.length)
  return builder.view()
}

/** What an escape stands for, as bytes; null for none. */
function meaning(found: Readonly<Record<string, string | undefined>>): string | null {
  const byte = found.percent ?? found.hex ?? found.quoted
  if (byte !== undefined) return String.fromCharCode(parseInt(byte, 16))
  if (found.octal !== undefined) return String.fromCharCode(parseInt(found.octal, 8))
  if (found.backslashed !== undefined) return BACKSLASHED[found.backslashed] ?? found.backslashed
  if (found.named !== undefined) return ENTITIES[found.named] ?? ENTITIES[found.named.toLowerCase()] ?? null
  if (found.decimalRef !== undefined) return codePoint(parseInt(found.decimalRef, 10))
  return codePoint(parseInt(found.percentU ?? found.braced ?? found.unicode ?? found.hexRef ?? '', 16))
}

function codePoint(code: number): string | null {
  return code <= 0x10ffff ? Buffer.from(String.fromCodePoint(code), 'utf8').toString('latin1') : null
}
