import type { Fault } from '../../shared/plan/schema-faults.ts'

/**
 * A fault as a reader of the form is told: what is missing or does not fit, without the brackets that a plan file has;
 * a text that was typed stands in quotes.
 */
export function faultText({ message }: Pick<Fault, 'message'>): string {
  const [, found, rest] = /^found (.*?); allowed: (.*)$/s.exec(message) ?? []
  if (found === undefined || rest === undefined) return sentence(message)
  const allowed = rest.replace(/; the field is required$/, '').replaceAll('"', '')
  if (/^at least 1 (character|entry)$/.test(allowed)) return 'Something must stand here.'
  if (found === 'nothing' || found === '""') return `Needed: ${allowed}.`
  return `${sentence(found.replace(/^"(.*)"$/s, '“$1”'), '')} does not fit. Allowed: ${allowed}.`
}

function sentence(text: string, end = '.'): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : first + end
}
