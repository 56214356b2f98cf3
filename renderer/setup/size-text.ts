/** A number of bytes as it is typed: `2k`, `1.5m`, `512`. */
export function sizeText(bytes: number): string {
  if (bytes >= 1_000_000 && bytes % 100_000 === 0) return `${bytes / 1_000_000}m`
  if (bytes >= 1000 && bytes % 100 === 0) return `${bytes / 1000}k`
  return String(bytes)
}

/** Reads what {@link sizeText} writes; null for anything else. */
export function readSize(text: string): number | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([km]?)b?$/i.exec(text) ?? []
  if (digits === undefined) return null
  const factor = unit?.toLowerCase() === 'm' ? 1_000_000 : unit?.toLowerCase() === 'k' ? 1000 : 1
  return Math.round(Number(digits) * factor)
}
