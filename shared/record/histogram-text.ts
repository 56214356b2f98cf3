import { unzlibSync } from 'fflate'

/**
 * Longest time that is told apart, µs: about three days, more than any run can make a send wait. The range is
 * fixed, so that recording never allocates and any two histograms merge count by count; 120 KB each.
 */
export const HIGHEST_US = 2 ** 38 - 1
/** To which times are told apart. */
export const SIGNIFICANT_DIGITS = 3

/** Bytes of the V2 format before its counts; bytes and characters beyond any real histogram of ours. */
const HEADER_BYTES = 40
const MOST_BYTES = 512 * 1024
const MOST_CHARACTERS = 256 * 1024
/** Bytes of the envelope around the compressed format: its mark and the length. */
const ENVELOPE_BYTES = 8

/**
 * Whether a text holds a histogram of the one shape that records have. The library believes what the text says
 * of its own lengths and limits: lies there make it loop for ever, or fill the memory.
 */
function isOurFormat(base64: string): boolean {
  if (base64.length > MOST_CHARACTERS) return false
  const envelope = Uint8Array.from(atob(base64.trim()), (char) => char.charCodeAt(0))
  const bytes = unzlibSync(envelope.subarray(ENVELOPE_BYTES), { out: new Uint8Array(MOST_BYTES) })
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  return (
    countsFit(bytes.subarray(HEADER_BYTES)) &&
    header.getInt32(4) === bytes.length - HEADER_BYTES &&
    header.getInt32(12) === SIGNIFICANT_DIGITS &&
    header.getBigInt64(16) === 1n &&
    header.getBigInt64(24) === BigInt(HIGHEST_US)
  )
}

/**
 * Counts that this range has room for: HdrHistogram has 2,048 for the first 2,048 µs and 1,024 for each doubling after it.
 */
export const MOST_COUNTS = 2048 + 1024 * (Math.log2(HIGHEST_US + 1) - 11)
/** The greatest number of values that one count can hold. */
const MOST_VALUES = 2 ** 32 - 1

/**
 * Whether the counts of the V2 format, ZigZag numbers in LEB128, stay in the range: one number may stand for any run of
 * empty counts, however long.
 */
function countsFit(bytes: Uint8Array): boolean {
  let counts = 0
  for (let at = 0; at < bytes.length;) {
    let [coded, factor] = [0, 1]
    let byte = 0x80
    while ((byte & 0x80) !== 0) {
      byte = bytes[at++] ?? 0xff
      coded += (byte & 0x7f) * factor
      factor *= 0x80
      if (at > bytes.length || coded > 2 * MOST_VALUES) return false
    }
    // Odd numbers are runs of empty counts.
    counts += coded % 2 === 1 ? (coded + 1) / 2 : 1
    if (counts > MOST_COUNTS) return false
  }
  return true
}

/**
 * Whether a text holds a histogram as records have it. Cheap enough to be asked of everything that comes from elsewhere,
 * and without the library that reads them, which takes as long to load as a short command.
 */
export function isHistogramText(base64: string): boolean {
  try {
    return isOurFormat(base64)
  } catch {
    return false
  }
}
