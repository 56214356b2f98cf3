/** Text of a peer as a terminal may show it: nothing in it moves the cursor or changes colours. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is to be shown harmlessly
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\u{fffd}')
}
