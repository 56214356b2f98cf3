const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0')
const eachByte = (spell: (byte: number) => string) => (text: string) => [...utf8(text)].map(spell).join('')
const eachChar = (spell: (char: string) => string) => (text: string) => [...text].map(spell).join('')
const code = (char: string): number => char.codePointAt(0) ?? 0
const base64 = (text: string): string => utf8(text).toString('base64')
const wrapped = (text: string, at: number, between: string): string =>
  text.replace(new RegExp(`(.{${at}})(?=.)`, 'gs'), `$1${between}`)
const html = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[char] ?? char
  )
const json = (text: string): string => JSON.stringify(text).slice(1, -1)

/** How a peer, a library or a log may spell what it was sent: each must be found wherever it stands. */
export const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (text) => text,
  'in capitals': (text) => text.toUpperCase(),
  'in small letters': (text) => text.toLowerCase(),
  'as JSON': json,
  'as JSON with every slash escaped': (text) => json(text).replaceAll('/', '\\/'),
  'as JSON with markup escaped': (text) =>
    json(text).replace(/[<>&+]/g, (char) => `\\u00${hex2(code(char))}`),
  'as JSON, every character': eachChar((char) => `\\u${code(char).toString(16).padStart(4, '0')}`),
  'as JSON, every character, in capitals': eachChar(
    (char) => `\\u${code(char).toString(16).padStart(4, '0').toUpperCase()}`
  ),
  'as JSON in JSON': (text) => json(json(text)),
  'with code points in braces': eachChar((char) => `\\u{${code(char).toString(16)}}`),
  'with \\x': eachByte((byte) => `\\x${hex2(byte)}`),
  'with octal': eachByte((byte) => `\\${byte.toString(8).padStart(3, '0')}`),
  'in an address': encodeURIComponent,
  'in an address, in small letters': (text) =>
    encodeURIComponent(text).replace(/%../g, (found) => found.toLowerCase()),
  'in an address, every byte': eachByte((byte) => `%${hex2(byte)}`),
  'in an address in an address': (text) => encodeURIComponent(encodeURIComponent(text)),
  'in a form': (text) => new URLSearchParams([['', text]]).toString().slice(1),
  'with %u': eachChar((char) => `%u${code(char).toString(16).padStart(4, '0')}`),
  'in markup': html,
  'in markup, decimal': eachChar((char) => `&#${code(char)};`),
  'in markup, hexadecimal': eachChar((char) => `&#x${code(char).toString(16)};`),
  'in markup, hexadecimal, in capitals': eachChar((char) => `&#X${code(char).toString(16).toUpperCase()};`),
  'in markup in markup': (text) => html(html(text)),
  'in markup in JSON': (text) => json(html(text)),
  'in quoted-printable': eachByte((byte) => `=${hex2(byte).toUpperCase()}`),
  'in quoted-printable with soft breaks': (text) => wrapped(text.replaceAll('=', '=3D'), 5, '=\r\n'),
  'in hexadecimal': (text) => utf8(text).toString('hex'),
  'in hexadecimal, in capitals': (text) => utf8(text).toString('hex').toUpperCase(),
  'in hexadecimal with colons': (text) => [...utf8(text)].map(hex2).join(':'),
  'in base64': (text) => base64(text).replace(/=+$/, ''),
  'in base64, padded': base64,
  'in base64 for addresses': (text) => utf8(text).toString('base64url'),
  'in base64 that is wrapped': (text) => wrapped(base64(text), 6, '\r\n'),
  'in base64 behind something else': (text) => base64(`log: ${text}`),
  'as AUTH PLAIN': (text) => base64(`\0user\0${text}`),
  'as Basic': (text) => base64(`user:${text}`),
  'as XOAUTH2': (text) => base64(`user=user\x01auth=Bearer ${text}\x01\x01`),
  'in Latin-1': (text) => utf8(text).toString('latin1'),
  'as UTF-16': (text) =>
    Buffer.from(text, 'utf16le')
      .toString('latin1')
      .replace(/^(?=.*[^\0-\xff])/s, ''),
  'over the lines of an SMTP reply': (text) => wrapped(text, 5, '\r\n535-'),
  'over the lines of an enhanced SMTP reply': (text) => wrapped(text, 5, '\r\n535-5.7.8 '),
  'over lines': (text) => wrapped(text, 6, '\n'),
  'with what nobody sees': (text) => wrapped(text, 1, '\u200b')
}
