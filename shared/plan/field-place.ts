import { parsePath } from './plan-path.ts'

/** How a path's words read where the field's label says it otherwise. */
const WORDS: Readonly<Record<string, string>> = {
  sizeBytes: 'size',
  rttMs: 'round trip',
  rttsMs: 'round trips',
  sizesBytes: 'sizes',
  url: 'address',
  to: 'recipients',
  assert: 'assertions'
}

/** What a path leads to, as a reader of the form finds it: `smtp-2: host`. Transports may stand in it by number or name. */
export function fieldPlace(path: string, transportName: (index: number) => string): string {
  const [area, index, ...rest] = parsePath(path)
  if (area === undefined) return 'plan'
  if (area === 'transports' && index !== undefined) {
    const name = typeof index === 'number' ? transportName(index) : index
    return rest.length === 0 ? name : `${name}: ${rest.map(word).join(' ')}`
  }
  const steps = area === 'study' && index !== undefined ? [index, ...rest] : [area, index, ...rest]
  return steps.flatMap((step) => (step === undefined ? [] : [word(step)])).join(' ')
}

function word(step: string | number): string {
  const text = String(step)
  // Entries of a list are counted from 1.
  if (/^\d+$/.test(text)) return String(Number(text) + 1)
  return (
    WORDS[text] ??
    text.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`)
  )
}
