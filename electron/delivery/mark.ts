import { ID_HEADER } from '../../shared/providers/provider.ts'

/** What an arrival is matched by: the tag of its run's transport, and its number there. */
export interface Mark {
  tag: string
  seq: number
}

const VALUE = String.raw`:\s*<?([0-9a-f]{8,64})\.(\d{10})@`
/** Providers pass an X- header on, and may make the Message-ID themselves. */
const PATTERNS = [ID_HEADER, 'Message-ID'].map((name) => new RegExp(`^${name}${VALUE}`, 'im'))

/** Finds a message's mark; null where it is none of ours. @param header of the message, or a part from its beginning */
export function findMark(header: string): Mark | null {
  for (const pattern of PATTERNS) {
    const [, tag, seq] = pattern.exec(header) ?? []
    if (tag !== undefined && seq !== undefined) return { tag: tag.toLowerCase(), seq: Number(seq) }
  }
  return null
}
