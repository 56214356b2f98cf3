import type { Template } from '../numbered-bytes.ts'

const CR = 13
const LF = 10
const DOT = 46
const END = Buffer.from('.\r\n')

/**
 * What follows a 354: every line that starts with a dot gets a second one (RFC 5321 section 4.5.2), and a line with
 * a lone dot ends the content. The message number's places move along.
 */
export function dotStuff(template: Template): Template {
  const { bytes } = template
  const lineBreak = endsLine(bytes, bytes.length) ? [] : [Buffer.from('\r\n')]
  const pieces: Buffer[] = []
  const seqOffsets = [...template.seqOffsets]
  let from = 0
  for (let at = bytes.indexOf(DOT); at !== -1; at = bytes.indexOf(DOT, at + 1)) {
    if (!endsLine(bytes, at)) continue
    pieces.push(bytes.subarray(from, at + 1))
    from = at
    template.seqOffsets.forEach((offset, index) => {
      if (offset > at) seqOffsets[index]!++
    })
  }
  return { bytes: Buffer.concat([...pieces, bytes.subarray(from), ...lineBreak, END]), seqOffsets }
}

/** A line ends right before `at`, or the content starts there. */
function endsLine(bytes: Buffer, at: number): boolean {
  return at === 0 || (bytes[at - 1] === LF && bytes[at - 2] === CR)
}
