import type { Payload } from './payload.ts'

/** Lines of a content that a transcript shows. */
const EXCERPT_LINES = 6
const EXCERPT_BYTES = 2000

/** Bytes of commands as lines. */
export function textLines(bytes: Buffer): string[] {
  return bytes.toString('utf8').replace(/\r\n$/, '').split('\r\n')
}

/** A payload as a transcript shows it: what goes before and behind its content whole, of the content the first lines. */
export function contentExcerpt(payload: Payload, withBehind: boolean): string[] {
  const before = textLines(payload.head.subarray(0, payload.contentStart))
  const content = payload.head.subarray(
    payload.contentStart,
    Math.min(payload.contentEnd, payload.contentStart + EXCERPT_BYTES)
  )
  const shown = textLines(content).slice(0, EXCERPT_LINES)
  const bytes = payload.contentEnd - payload.contentStart
  return [
    ...(payload.contentStart === 0 ? [] : before),
    ...shown,
    `… (${bytes} bytes of content)`,
    ...(withBehind ? textLines(payload.behind) : [])
  ]
}
