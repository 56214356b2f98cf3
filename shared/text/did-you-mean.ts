import { distance } from 'fastest-levenshtein'

/** `; did you mean "port"?` for the nearest known word, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const found = lacksUnit(word, candidate) ? 1 : distance(word.toLowerCase(), candidate.toLowerCase())
    if (found < bestDistance) [best, bestDistance] = [candidate, found]
  }
  return best === undefined ? '' : `; did you mean "${best}"?`
}

/** `timeout` for `timeoutSeconds`: all but the last word of a name. */
function lacksUnit(word: string, candidate: string): boolean {
  return candidate.startsWith(word) && /^[A-Z][a-z]*$/.test(candidate.slice(word.length))
}
