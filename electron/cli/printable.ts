/** Text of a peer as a terminal may show it: nothing in it moves the cursor or changes colours. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is to be shown harmlessly
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\u{fffd}')
}

/**
 * Text for a terminal in which nothing but our own bold and dim has an effect: names and verdicts may come from a
 * record that somebody else wrote.
 */
export function harmless(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- control characters are what is to be shown harmlessly
    /(\u001b\[(?:1|2|22)m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (_found, style: string | undefined) => style ?? '\u{fffd}'
  )
}
