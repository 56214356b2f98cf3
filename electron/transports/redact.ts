import { views, type View } from './text-views.ts'

const MASK = '***'
/** Shorter texts are not searched for: they would be found in every other word. */
export const MIN_SECRET_CHARACTERS = 4
/** Characters of base64 of a secret's middle that give it away: those at its edges depend on what stands beside it. */
const MIN_BASE64_CHARACTERS = 6

/** A secret and what the mechanisms of SMTP and HTTP make of it together with its user; base64 without its padding. */
export function sentForms(user: string, secret: string): string[] {
  return [
    secret,
    base64(`\0${user}\0${secret}`),
    base64(`user=${user}\x01auth=Bearer ${secret}\x01\x01`),
    base64(`${user}:${secret}`)
  ]
}

/** What is searched for: bytes, one to a character. */
interface Needles {
  /** The secrets themselves, in small letters. */
  plain: string[]
  hex: string[]
  base64: string[]
}

/**
 * Makes a function that replaces secrets in a text. A peer may echo what it was sent in any spelling: it is not the
 * spellings that are listed, but the text that is undone, escape by escape and as often as it was escaped, until what
 * it says stands there in clear; what was found is then taken out of the text as it came. A secret that is cut by the
 * text's end or begin is found as well.
 * @param secrets passwords, and whatever a protocol makes of them before it sends them
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const long = [...new Set(secrets)].filter(({ length }) => length >= MIN_SECRET_CHARACTERS)
  if (long.length === 0) return (text) => text
  const bytes = long.map((secret) => Buffer.from(secret, 'utf8'))
  const needles: Needles = {
    plain: [...new Set(long.flatMap(plainNeedles))],
    hex: bytes.map((each) => each.toString('hex')),
    base64: bytes.flatMap(base64Middles)
  }
  return (text) => masked(text, needles)
}

/** A secret as it may stand in a view: a secret that looks like an escape is undone with the text around it. */
function plainNeedles(secret: string): string[] {
  return [secret, secret.toLowerCase(), secret.toUpperCase()]
    .flatMap((each) => views(each).map((view) => view.text.toLowerCase()))
    .filter(({ length }) => length >= MIN_SECRET_CHARACTERS)
}

function masked(text: string, needles: Needles): string {
  const hidden: Range[] = []
  for (const view of views(text)) {
    const small = view.text.toLowerCase()
    for (const needle of needles.plain) addAll(hidden, view, small, needle)
    addHex(hidden, view, needles.hex)
    addBase64(hidden, view, needles.base64)
  }
  return hidden.length === 0 ? text : withoutRanges(text, hidden)
}

/** Part of the text as it came. */
type Range = readonly [from: number, to: number]

function addAll(hidden: Range[], view: View, text: string, needle: string): void {
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
    hidden.push(view.range(at, at + needle.length))
  }
  addCut(hidden, view, text, needle)
}

/** The start of a secret at the text's end, its end at the text's start, or a text that is all within it. */
function addCut(hidden: Range[], view: View, text: string, needle: string): void {
  if (text.length < MIN_SECRET_CHARACTERS) return
  const most = Math.min(needle.length - 1, text.length)
  const head = needle.slice(0, MIN_SECRET_CHARACTERS)
  for (let at = text.indexOf(head, text.length - most); at !== -1; at = text.indexOf(head, at + 1)) {
    if (!needle.startsWith(text.slice(at))) continue
    hidden.push(view.range(at, text.length))
    break
  }
  const tail = needle.slice(-MIN_SECRET_CHARACTERS)
  for (
    let at = text.lastIndexOf(tail, most - tail.length);
    at !== -1;
    at = at === 0 ? -1 : text.lastIndexOf(tail, at - 1)
  ) {
    if (!needle.endsWith(text.slice(0, at + tail.length))) continue
    hidden.push(view.range(0, at + tail.length))
    break
  }
  if (text.length < needle.length && needle.includes(text)) hidden.push(view.range(0, text.length))
}

/** Hexadecimal digits in either case, whatever stands between the pairs. */
function addHex(hidden: Range[], view: View, needles: readonly string[]): void {
  if (!/(?:[0-9a-f]{2}[\s:,x-]*){4}/i.test(view.text)) return
  const digits = view.without(/[\s:,\-x\\]+/gi)
  const small = digits.text.toLowerCase()
  for (const needle of needles) addAll(hidden, digits, small, needle)
}

/** Base64 and base64url, wrapped or not; the whole word goes, for it may hold more of what was sent along. */
function addBase64(hidden: Range[], view: View, needles: readonly string[]): void {
  const letters = view.without(/\s+/g)
  const text = letters.text.replaceAll('-', '+').replaceAll('_', '/')
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
      hidden.push(wordAround(letters, at, at + needle.length))
    }
    addCut(hidden, letters, text, needle)
  }
}

function wordAround(view: View, from: number, to: number): Range {
  const isLetter = (at: number): boolean => /[A-Za-z0-9+/_=-]/.test(view.text[at] ?? '')
  let [first, last] = [from, to - 1]
  while (first > 0 && isLetter(first - 1) && view.touches(first - 1, first)) first--
  while (isLetter(last + 1) && view.touches(last, last + 1)) last++
  return view.range(first, last + 1)
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '')
}

/** What is the same of a secret's base64 whatever stands before and behind it, at each of the three places it can begin. */
function base64Middles(secret: Buffer): string[] {
  return [0, 1, 2]
    .map((before) => {
      const whole = Buffer.concat([Buffer.alloc(before), secret])
        .toString('base64')
        .replace(/=+$/, '')
      const from = Math.ceil((before * 8) / 6)
      const to = Math.floor(((before + secret.length) * 8) / 6)
      return whole.slice(from, to)
    })
    .filter(({ length }) => length >= MIN_BASE64_CHARACTERS)
}

function withoutRanges(text: string, hidden: Range[]): string {
  let shown = ''
  let done = -1
  for (const [from, to] of hidden.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    // What touches what is hidden already needs no mask of its own.
    if (from > done || done === -1) shown += text.slice(Math.max(done, 0), from) + MASK
    done = Math.max(done, to)
  }
  return shown + text.slice(done)
}
