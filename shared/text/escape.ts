import { visibleLines } from './visible.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Text as it may stand in HTML, in SVG and in a quoted attribute of either. What steers a reader or is forbidden in XML is shown as �. */
export function escapeMarkup(text: string): string {
  return visibleLines(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}
