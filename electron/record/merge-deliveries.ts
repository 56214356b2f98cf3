import { sum } from '../../shared/insight/statistics.ts'
import type { DeliveryRecord } from '../../shared/record/delivery-record.ts'
import { encodeHistogram, percentileMs } from '../../shared/record/histogram.ts'
import { chooseKnown, mergeTexts, weighted, type Whole } from './merged-figures.ts'

/**
 * What became of one transport's messages over several runs: counts are added, means weighted by what arrived. Inbox
 * times merge bucket by bucket; of delivery times no values are kept, so that their percentiles are not known together.
 * Undefined without a part.
 */
export function mergeDeliveries(parts: readonly DeliveryRecord[]): DeliveryRecord | undefined {
  const [first] = parts
  if (first === undefined) return undefined
  const arrived = (part: DeliveryRecord): number => part.arrived
  const inbox = mergeTexts(parts.flatMap(({ rounds }) => rounds.map(({ inboxHistogram }) => inboxHistogram)))
  const alone = aloneOf(parts)
  const merged: Whole<DeliveryRecord> = {
    receiver: first.receiver,
    arrived: sum(parts.map(arrived)),
    lost: sum(parts.map(({ lost }) => lost)),
    pending: sum(parts.map(({ pending }) => pending)),
    duplicates: sum(parts.map(({ duplicates }) => duplicates)),
    junk: sum(parts.map(({ junk }) => junk)),
    unaccepted: sum(parts.map(({ unaccepted }) => unaccepted)),
    mean: weighted(parts, ({ mean }) => mean, arrived),
    p50: alone?.p50 ?? null,
    p95: alone?.p95 ?? null,
    p99: alone?.p99 ?? null,
    resolutionMs: chooseKnown(Math.max, parts, ({ resolutionMs }) => resolutionMs),
    responseMs: weighted(parts, ({ responseMs }) => responseMs, arrived),
    inbox: alone?.inbox ?? {
      mean: weighted(parts, ({ inbox: { mean } }) => mean, arrived),
      p50: percentileMs(inbox, 50),
      p95: percentileMs(inbox, 95),
      p99: percentileMs(inbox, 99)
    },
    // Each is against a clock of its own: the one that may be off most bounds them all.
    clock: parts.flatMap(({ clock }) => clock ?? []).sort((a, b) => b.errorMs - a.errorMs)[0],
    hops: mergeHops(parts),
    rounds: mergeRounds(parts)
  }
  return merged
}

/** What a reader must know of them; nothing where all that arrived is of one part. */
export function mergedDeliveryNotes(parts: readonly DeliveryRecord[]): string[] {
  if (aloneOf(parts) !== undefined || parts.every(({ arrived }) => arrived === 0)) return []
  return [
    'Of the delivery time over all places the mean alone is known: percentiles do not follow from those of each place.'
  ]
}

/** The one part of which something arrived; undefined where that is none, or several. */
function aloneOf(parts: readonly DeliveryRecord[]): DeliveryRecord | undefined {
  const [alone, ...others] = parts.filter(({ arrived }) => arrived > 0)
  return others.length === 0 ? alone : undefined
}

function mergeHops(parts: readonly DeliveryRecord[]): DeliveryRecord['hops'] {
  const all = parts.flatMap(({ hops }) => hops)
  return [...Map.groupBy(all, ({ hop, name }) => `${hop} ${name}`).values()]
    .flatMap((same): Whole<DeliveryRecord['hops'][number]>[] => {
      const [first, ...others] = same
      if (first === undefined) return []
      return [
        {
          hop: first.hop,
          name: first.name,
          count: sum(same.map(({ count }) => count)),
          p50: others.length === 0 ? first.p50 : null,
          max: Math.max(...same.map(({ max }) => max))
        }
      ]
    })
    .sort((a, b) => a.hop - b.hop || b.count - a.count)
}

function mergeRounds(parts: readonly DeliveryRecord[]): DeliveryRecord['rounds'] {
  const all = parts.flatMap(({ rounds }) => rounds)
  return [...Map.groupBy(all, ({ round }) => round)]
    .sort(([a], [b]) => a - b)
    .map(([round, same]) => ({
      round,
      arrived: sum(same.map(({ arrived }) => arrived)),
      inboxHistogram: encodeHistogram(mergeTexts(same.map(({ inboxHistogram }) => inboxHistogram)))
    }))
}
