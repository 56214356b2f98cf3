import { visibleLines, visibleText } from '../../shared/text/visible.ts'

/** Text of a peer as a terminal may show it, on one line: nothing in it moves the cursor, changes colours or the order. */
export function printable(text: string): string {
  return text.split('\t').map(visibleText).join('\t')
}

/** Bold, dim and neither. */
// eslint-disable-next-line no-control-regex -- escape sequences begin with a control character
const OUR_STYLES = /(\u001b\[(?:1|2|22)m)/

/**
 * Text in which no line gives an order to the runner of a pipeline that reads what is printed: GitHub's takes
 * `::NAME::` at the start of a line, and `##[NAME]` anywhere, for one.
 */
export function withoutOrders(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '# #[')
}

/** The same for JSON, whose lines begin with a bracket, a quote or a digit: an escape in a text means the same. */
export function jsonWithoutOrders(json: string): string {
  return json.replaceAll('##[', '\\u0023#[')
}

/**
 * Text for a terminal in which nothing but our own bold and dim has an effect: names and verdicts may come from a
 * record that somebody else wrote.
 */
export function harmless(text: string): string {
  return text
    .split(OUR_STYLES)
    .map((part, index) => (index % 2 === 1 ? part : visibleLines(part)))
    .join('')
    .replaceAll('\r', '\u{fffd}')
}
