const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Text as it may stand in HTML, in SVG and in a quoted attribute of either. Control characters, which XML forbids, are shown as �. */
export function escapeMarkup(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
      // eslint-disable-next-line no-control-regex -- these are what must not get through
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '�')
  )
}
