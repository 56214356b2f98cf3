import { decodeHistogram, mergeHistograms, type Histogram } from '../../shared/record/histogram.ts'
import { sum } from '../../shared/insight/statistics.ts'

/** Every field of a record, optional ones too: whoever merges records must say of each what becomes of it. */
export type Whole<T> = T & Record<keyof T, unknown>

/** What several histograms of records hold together. */
export function mergeTexts(texts: readonly string[]): Histogram {
  return mergeHistograms(texts.map(decodeHistogram))
}

/** Null where nobody knows. */
export function addKnown(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? [])
  return known.length === 0 ? null : sum(known)
}

/** The least or the greatest; null where nobody knows. */
export function chooseKnown<T>(
  choose: (...values: number[]) => number,
  parts: readonly T[],
  read: (part: T) => number | null
): number | null {
  const known = parts.flatMap((part) => read(part) ?? [])
  return known.length === 0 ? null : choose(...known)
}

/** Mean by weight over the parts that have the figure; null where none has. */
export function weighted<T>(
  parts: readonly T[],
  read: (part: T) => number | null,
  weigh: (part: T) => number
): number | null {
  let sum = 0
  let weight = 0
  for (const part of parts) {
    const value = read(part)
    if (value === null) continue
    sum += value * weigh(part)
    weight += weigh(part)
  }
  return weight === 0 ? null : sum / weight
}
