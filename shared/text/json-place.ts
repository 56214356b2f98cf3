/** One token of JSON (RFC 8259), with the white space before it. */
const TOKEN =
  /[ \t\r\n]*(?:[{}[\],:]|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")/uy

/**
 * Where a text stops being JSON, as `line 3, column 7`. The engine's own words would repeat the text around that place,
 * and a password may stand there.
 * @param error what `JSON.parse` threw
 */
export function jsonFaultPlace(text: string, error: unknown): string {
  const told = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined
  const at = told === undefined ? endOfTokens(text) : Number(told)
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

function endOfTokens(text: string): number {
  let at = 0
  for (TOKEN.lastIndex = 0; TOKEN.test(text);) at = TOKEN.lastIndex
  return at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0)
}
