/** Lines of a content that a transcript shows. */
const EXCERPT_LINES = 6
const EXCERPT_BYTES = 2000

/** Bytes of commands or replies as lines. */
export function textLines(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
}

/** The first lines of a content, and how long it is in all. */
export function contentLines(content: Buffer, bytes: number): string[] {
  const shown = textLines(content.subarray(0, EXCERPT_BYTES)).slice(0, EXCERPT_LINES)
  return [...shown, `… (${bytes} bytes of content)`]
}
