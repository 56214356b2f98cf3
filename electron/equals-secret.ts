import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares in a time that says nothing of where the texts differ. */
export function equalsSecret(given: string | null, secret: string): boolean {
  return timingSafeEqual(digest(given ?? ''), digest(secret))
}

/** Equal lengths, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
