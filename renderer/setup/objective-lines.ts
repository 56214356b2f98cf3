/** An objective that has a field of its own: how its line reads, and the line that a text in the field makes. */
export interface ObjectiveField {
  label: string
  unit: string
  /** What stands in the field, from the line; null where the line is another one. */
  read(line: string): string | null
  /** What is no number is written as it was typed, so that the rules refuse it. */
  write(typed: string): string
}

const P99 = /^\s*response\.p99\s*<(?!=)\s*(.*?)\s*$/
const NUMBER = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** The three that nearly every search has; whatever else is written stands as a line. */
export const OBJECTIVE_FIELDS: readonly ObjectiveField[] = [
  {
    label: 'p99 under',
    unit: 'ms',
    read: (line) => P99.exec(line)?.[1] ?? null,
    write: (typed) => `response.p99 < ${typed}`
  },
  shareField('Failed, at most', 'failed', '<='),
  shareField('Rejected, under', 'rejected', '<')
]

/** A share of the messages in percent; none at all is written as a count, which says it plainer. */
function shareField(label: string, count: string, operator: '<' | '<='): ObjectiveField {
  const share = new RegExp(String.raw`^\s*${count}/sent\s*${operator}(?!=)\s*(.*?)\s*$`)
  const none = new RegExp(String.raw`^\s*${count}\s*==\s*0\s*$`)
  return {
    label,
    unit: '%',
    read: (line) => {
      if (none.test(line)) return '0'
      const text = share.exec(line)?.[1]
      if (text === undefined) return null
      return NUMBER.test(text) ? String(Number((100 * Number(text)).toPrecision(12))) : text
    },
    write: (typed) => {
      if (!NUMBER.test(typed)) return `${count}/sent ${operator} ${typed}`
      const percent = Number(typed)
      return percent === 0
        ? `${count} == 0`
        : `${count}/sent ${operator} ${Number((percent / 100).toPrecision(12))}`
    }
  }
}

/** The objectives with one of them as it is typed now: in its place, or at the end; an empty field takes it out. */
export function withObjective(lines: readonly string[], field: ObjectiveField, typed: string): string[] {
  const text = typed.trim()
  const fresh = text === '' ? [] : [field.write(text)]
  const at = lines.findIndex((line) => field.read(line) !== null)
  return at < 0 ? [...lines, ...fresh] : lines.flatMap((line, index) => (index === at ? fresh : [line]))
}
