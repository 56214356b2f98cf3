import { escapeMarkup } from '../../shared/escape.ts'

const MASK = '***'
/** Shorter texts are not searched for: they would be found in every other word. */
const MIN_CHARACTERS = 4

/** A secret and what the mechanisms of SMTP and HTTP make of it together with its user; base64 without its padding. */
export function sentForms(user: string, secret: string): string[] {
  return [
    secret,
    base64(`\0${user}\0${secret}`),
    base64(`user=${user}\x01auth=Bearer ${secret}\x01\x01`),
    base64(`${user}:${secret}`)
  ]
}

/**
 * Makes a function that replaces secrets in a text. A peer may echo what it was sent, as it was sent or as it
 * writes it into JSON, HTML, an address or base64; and a text may be cut in the middle of it.
 * @param secrets passwords, and whatever a protocol makes of them before it sends them
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(spellings))]
    .filter(({ length }) => length >= MIN_CHARACTERS)
    // The longest first: what is left of it would not be found any more once a part of it is replaced.
    .sort((a, b) => b.length - a.length)
  // One by one: a pattern of all of them may be too large to compile, and the error would show it.
  return (text) => forms.reduce(withoutStartAtEnd, forms.reduce(withoutForm, text))
}

function withoutForm(text: string, form: string): string {
  return text.replaceAll(form, MASK)
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '')
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  return [
    secret,
    bytes.toString('latin1'),
    base64(secret),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    JSON.stringify(secret).slice(1, -1),
    escapeMarkup(secret),
    // The one says %20 where the other says +, and each leaves other characters as they are.
    new URLSearchParams([['', secret]]).toString().slice(1),
    encodeURIComponent(bytes.toString('utf8'))
  ]
}

/** Replaces the start of a form at a text's end, where the text was cut. */
function withoutStartAtEnd(text: string, form: string): string {
  const head = form.slice(0, MIN_CHARACTERS)
  for (
    let at = text.indexOf(head, text.length - form.length + 1);
    at !== -1;
    at = text.indexOf(head, at + 1)
  ) {
    if (form.startsWith(text.slice(at))) return text.slice(0, at) + MASK
  }
  return text
}
