/** The text of a file, or what its bytes are instead. */
export type Utf8Result = { ok: true; text: string } | { ok: false; found: string }

/**
 * Reads UTF-8, with or without a byte order mark (RFC 8259 section 8.1 lets a reader ignore it). Anything else is named,
 * and never read as something it may not be.
 */
export function decodeUtf8(bytes: Uint8Array): Utf8Result {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return { ok: false, found: 'UTF-16 (little endian)' }
  if (first === 0xfe && second === 0xff) return { ok: false, found: 'UTF-16 (big endian)' }
  if (bytes.length > 1 && (first === 0) !== (second === 0)) {
    return { ok: false, found: 'UTF-16 without a byte order mark' }
  }
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { ok: false, found: 'no UTF-8: perhaps Latin-1 or Windows-1252' }
  }
}
