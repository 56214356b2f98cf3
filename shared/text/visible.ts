/**
 * Characters that would steer a terminal, a table or the reading order of a line: C0, DEL, C1, line and paragraph
 * separators, bidirectional controls (UAX 9), and those without a width.
 */
// eslint-disable-next-line no-control-regex -- control characters are what a hostile text is cleaned of
const STEERING = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** The same, but for what only lays text out: tabs and line ends. */
const STEERING_IN_LINES =
  // eslint-disable-next-line no-control-regex -- see above
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Text of several lines with everything visible that it holds. */
export function visibleLines(text: string): string {
  return text.replace(STEERING_IN_LINES, '\uFFFD')
}

/** A value of JSON with {@link visibleLines} for every text in it, names of fields too. */
export function visibleJson(value: unknown): unknown {
  if (typeof value === 'string') return visibleLines(value)
  if (Array.isArray(value)) return value.map(visibleJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [visibleLines(name), visibleJson(entry)])
  )
}

/** JSON in which nothing steers: such characters can only stand in texts, where an escape means the same. */
export function visibleJsonText(json: string): string {
  return json.replace(STEERING_IN_LINES, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A peer's text on one line, with everything visible that it holds: what would steer stands as U+FFFD. */
export function visibleText(text: string): string {
  return text.replace(STEERING, '\uFFFD')
}
