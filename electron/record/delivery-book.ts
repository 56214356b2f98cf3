import { z } from 'zod'
import type { DeliveryPlan } from '../../shared/plan/plan.ts'
import { type DeliveryRow, SEND_AT, SEND_COLUMNS } from '../../shared/record/csv.ts'
import type { DeliveryRecord } from '../../shared/record/delivery-record.ts'
import { encodeHistogram } from '../../shared/record/histogram.ts'
import { OUTCOMES } from '../../shared/record/words.ts'
import { entryOf } from './entry-of.ts'
import { histogramOf } from './round-trip.ts'
import type { SendRows } from './send-log.ts'

const us = z.number()
/** A measured send: round, number, whether it was accepted, when it was due and done, µs since the run's first send. */
const sentSchema = z.tuple([z.int(), z.int(), z.boolean(), us, us])
/** A copy that arrived. Times are µs since the run's first send. */
const arrivedSchema = z.object({
  seq: z.int(),
  /** The latest that it can have arrived. */
  atUs: us,
  /** How much sooner it may have. */
  resolutionUs: us,
  isJunk: z.boolean(),
  /** When the mailbox's server says it took it. */
  serverDateUs: us.nullable().default(null),
  /** The stamps of the machines on its way, the sender's side first: place in the names, and when. */
  hops: z.array(z.tuple([z.int(), us])).default([])
})

/** News for the book, and for the journal. */
export const deliveryNewsSchema = z.object({
  transport: z.int().min(0),
  sent: z.array(sentSchema),
  arrived: z.array(arrivedSchema),
  /** Up to when the receiver has been asked, µs since the run's first send; null where it has not. */
  askedUs: us.nullable(),
  /** Names of hops, from the first on; absent where no new ones have come. */
  hopNames: z.array(z.string()).optional(),
  /** The receiver's time of day less ours, and by how much that may be off, ms. */
  clock: z.object({ offsetMs: z.number(), errorMs: z.number() }).optional()
})
export type DeliveryNews = z.output<typeof deliveryNewsSchema>

class Entry {
  round = 0
  isMeasured = false
  isAccepted = false
  dueUs = 0
  acceptedUs = 0
  arrivedUs: number | null = null
  resolutionUs = 0
  copies = 0
  isJunk = false
  serverDateUs: number | null = null
  hops: readonly (readonly [name: number, atUs: number])[] = []
}

type Fate = 'arrived' | 'lost' | 'pending'

/** Which messages were accepted and which arrived, matched by transport and number; the same live or read back from a journal. */
export class DeliveryBook {
  readonly #receiver: DeliveryRecord['receiver']
  readonly #deadlineUs: number
  readonly #entries: Map<number, Entry>[]
  /** Accepted messages that have not arrived. */
  readonly #missing = new Set<Entry>()
  #askedUs = 0
  #hopNames: readonly string[] = []
  #clock: DeliveryNews['clock']

  constructor(
    { receiver, deadlineSeconds }: Pick<DeliveryPlan, 'receiver' | 'deadlineSeconds'>,
    transports: number
  ) {
    this.#receiver = receiver
    this.#deadlineUs = deadlineSeconds * 1e6
    this.#entries = Array.from({ length: transports }, () => new Map<number, Entry>())
  }

  add({ transport, sent, arrived, askedUs, hopNames, clock }: DeliveryNews): void {
    for (const [round, seq, isAccepted, dueUs, doneUs] of sent) {
      const entry = this.#entry(transport, seq)
      Object.assign(entry, { round, isMeasured: true, isAccepted, dueUs, acceptedUs: doneUs })
      if (isAccepted && entry.copies === 0) this.#missing.add(entry)
    }
    for (const { seq, atUs, ...copy } of arrived) {
      const entry = this.#entry(transport, seq)
      entry.copies++
      this.#missing.delete(entry)
      if (entry.arrivedUs === null || atUs < entry.arrivedUs) Object.assign(entry, copy, { arrivedUs: atUs })
    }
    if (hopNames !== undefined) this.#hopNames = hopNames
    this.#clock = clock ?? this.#clock
    if (askedUs !== null) this.#askedUs = Math.max(this.#askedUs, askedUs)
  }

  /** Accepted messages that may still arrive in time. */
  due(): number {
    let due = 0
    for (const entry of this.#missing) if (this.#fateOfAccepted(entry) === 'pending') due++
    return due
  }

  /** What became of a transport's messages so far. */
  record(transport: number): DeliveryRecord {
    const fates: Record<Fate, Entry[]> = { arrived: [], lost: [], pending: [] }
    let unaccepted = 0
    for (const entry of this.#entries[transport]?.values() ?? []) {
      if (!entry.isMeasured) continue
      if (entry.isAccepted) fates[this.#fateOfAccepted(entry)].push(entry)
      else if (entry.copies > 0) unaccepted++
    }
    const { arrived } = fates
    const delivery = figures(arrived.map((entry) => arrivedUs(entry) - entry.acceptedUs))
    return {
      receiver: this.#receiver,
      arrived: arrived.length,
      lost: fates.lost.length,
      pending: fates.pending.length,
      duplicates: arrived.reduce((sum, { copies }) => sum + copies - 1, 0),
      junk: arrived.filter(({ isJunk }) => isJunk).length,
      unaccepted,
      ...delivery,
      resolutionMs:
        arrived.length === 0
          ? null
          : arrived.reduce((most, { resolutionUs }) => Math.max(most, resolutionUs), 0) / 1000,
      responseMs: figures(arrived.map(({ acceptedUs, dueUs }) => acceptedUs - dueUs)).mean,
      inbox: figures(arrived.map((entry) => arrivedUs(entry) - entry.dueUs)),
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
      hops: hopsOf(arrived, this.#hopNames),
      rounds: roundsOf(arrived)
    }
  }

  /** A row for each accepted message of a transport, in the order of their numbers. */
  rows(transport: number, name: string): DeliveryRow[] {
    return [...(this.#entries[transport] ?? [])]
      .filter(([, { isMeasured, isAccepted }]) => isMeasured && isAccepted)
      .sort(([a], [b]) => a - b)
      .map(([seq, entry]) => {
        const { round, acceptedUs, resolutionUs, copies, isJunk, serverDateUs } = entry
        const hasArrived = this.#fateOfAccepted(entry) === 'arrived'
        return {
          ...{ transport: name, round, seq, acceptedUs, resolutionUs, copies },
          arrivedUs: hasArrived ? arrivedUs(entry) : null,
          folder: !hasArrived ? null : isJunk ? 'junk' : 'inbox',
          serverDateUs: hasArrived ? serverDateUs : null
        }
      })
  }

  #fateOfAccepted({ arrivedUs: at, acceptedUs }: Entry): Fate {
    const deadlineUs = acceptedUs + this.#deadlineUs
    if (at !== null) return at <= deadlineUs ? 'arrived' : 'lost'
    return this.#askedUs > deadlineUs ? 'lost' : 'pending'
  }

  #entry(transport: number, seq: number): Entry {
    const entries = this.#entries[transport]
    if (entries === undefined) throw new RangeError(`no transport ${transport}`)
    return entryOf(entries, seq, () => new Entry())
  }
}

/** The part of measured sends that a book needs. */
export function sentOf({ rows, count }: SendRows): DeliveryNews['sent'] {
  const { round, seq, outcome, intendedUs, doneUs } = SEND_AT
  return Array.from({ length: count }, (_, row) => {
    const cell = (at: number): number => rows[row * SEND_COLUMNS.length + at] ?? 0
    return [cell(round), cell(seq), OUTCOMES[cell(outcome)] === 'accepted', cell(intendedUs), cell(doneUs)]
  })
}

/** Of one that has arrived. */
function arrivedUs(entry: Entry): number {
  return entry.arrivedUs ?? Number.NaN
}

/** Mean and percentiles (nearest rank) in ms; all null where there is nothing. @param us in any order */
function figures(us: readonly number[]): DeliveryRecord['inbox'] {
  if (us.length === 0) return { mean: null, p50: null, p95: null, p99: null }
  const sorted = Float64Array.from(us).sort()
  const at = (percent: number): number => nearestRankMs(sorted, percent)
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length / 1000
  return { mean, p50: at(50), p95: at(95), p99: at(99) }
}

/** What each machine on the way says, by its place there and its name. */
function hopsOf(arrived: readonly Entry[], names: readonly string[]): DeliveryRecord['hops'] {
  const steps = new Map<string, { hop: number; name: string; us: number[] }>()
  for (const { dueUs, hops } of arrived) {
    let before = dueUs
    for (const [index, [name, atUs]] of hops.entries()) {
      const key = `${index} ${name}`
      const step = entryOf(steps, key, () => ({ hop: index + 1, name: names[name] ?? '', us: [] }))
      step.us.push(atUs - before)
      before = atUs
    }
  }
  return [...steps.values()]
    .sort((a, b) => a.hop - b.hop || b.us.length - a.us.length)
    .map(({ hop, name, us: each }) => {
      const sorted = Float64Array.from(each).sort()
      return {
        hop,
        name,
        count: each.length,
        p50: nearestRankMs(sorted, 50),
        max: nearestRankMs(sorted, 100)
      }
    })
}

/** @param sorted in µs, one at least */
function nearestRankMs(sorted: Float64Array, percent: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0) / 1000
}

function roundsOf(arrived: readonly Entry[]): DeliveryRecord['rounds'] {
  return [...Map.groupBy(arrived, ({ round }) => round)]
    .sort(([a], [b]) => a - b)
    .map(([round, entries]) => ({
      round,
      arrived: entries.length,
      inboxHistogram: encodeHistogram(histogramOf(entries.map((each) => arrivedUs(each) - each.dueUs)))
    }))
}
