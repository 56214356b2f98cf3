import { brotliDecompressSync, inflateRawSync, inflateSync, unzipSync, zstdDecompressSync } from 'node:zlib'
import { MAX_KEPT_BYTES } from './answer-parser.ts'

/** Bytes that a compressed start of a body may grow to. */
const LIMIT = { maxOutputLength: 16 * MAX_KEPT_BYTES }
const OPENING_BRACE = 0x7b

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => unzipSync(bytes, LIMIT),
  'x-gzip': (bytes) => unzipSync(bytes, LIMIT),
  // Meant is the zlib format, but some send bare deflate (RFC 9110, section 8.4.1.2).
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, LIMIT) : inflateRawSync(bytes, LIMIT)),
  br: (bytes) => brotliDecompressSync(bytes, LIMIT),
  zstd: (bytes) => zstdDecompressSync(bytes, LIMIT)
}

/**
 * The text of an answer's body: content codings undone (RFC 9110 section 8.4), a byte order mark dropped (RFC 8259
 * section 8.1). What cannot be decoded is shown as it came.
 * @param encoding finds the value of Content-Encoding; asked only for a body that does not start as JSON does
 */
export function bodyText(bytes: Buffer, encoding: () => string | null): string {
  if (bytes.length === 0) return ''
  if (bytes[0] === OPENING_BRACE) return bytes.toString('utf8')
  let plain = bytes
  try {
    for (const coding of (encoding() ?? '').toLowerCase().split(',').reverse()) {
      plain = DECODERS[coding.trim()]?.(plain) ?? plain
    }
  } catch {
    return bytes.toString('utf8')
  }
  return plain.toString('utf8').replace(/^\ufeff/, '')
}
