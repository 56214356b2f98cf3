import type { TransportRecord } from '../record/run-record.ts'
import type { SweepFinding, SweepPoint, SweepTransport } from '../record/sweep-record.ts'
import { studentT } from './student.ts'
import { fitLine, mean, sum, type Line } from './statistics.ts'
import { medianTurns } from './what-if.ts'

/** What a run at one distance found of a transport. */
export interface SweepRun {
  /** Emulated RTT, or the one measured at the place, ms. */
  rttMs: number
  /** Where it ran; absent for an emulated distance. */
  place?: string
  transport: TransportRecord
}

/**
 * One figure to fit: a service time, ms, at an emulated RTT, and how many turns its messages took in the mean where that
 * is not what is counted over all. A transport has one for each round and distance.
 */
export type SweepCell = readonly [rttMs: number, serviceMs: number, turns?: number]

/** The whole of what is fitted. */
export interface SweepCells {
  turnsCounted: number | null
  statistic: SweepTransport['statistic']
  baseRttMs: number | null
  cells: readonly SweepCell[]
  points: readonly SweepPoint[]
  /** Several sends at a time, the next of which waited for one before: only then can a peer's limit look like a line. */
  isClosed: boolean
}

/** Least error of a slope, as a share of it: distances are emulated no better. */
const RESOLUTION = 0.005
/** An interval that reaches further than this share of the counted turns, and than so many turns, tells nothing. */
const TELLING = 0.2
/** A point whose service time should grow by this share to the next tells whether it grows. */
const GROWTH = 0.2
/** Messages from which the figure of a single round, whose scatter nobody knows, tells whether it grows. */
const TELLING_MESSAGES = 30

/**
 * Fits a transport's service time over the distances at which it ran. Response time holds the waiting for a slot, too.
 * @param concurrency sends at a time that the load asks for
 */
export function fitSweep(name: string, runs: readonly SweepRun[], concurrency: number): SweepTransport {
  const statistic = runs.length > 0 && runs.every(({ transport }) => isMixed(transport)) ? 'mean' : 'p50'
  const turns = runs.flatMap(({ transport }) => {
    return (statistic === 'mean' ? transport.turns.perMessage : medianTurns(transport)) ?? []
  })
  const bases = runs.flatMap(({ rttMs, transport }) =>
    rttMs > 0 && transport.rttMs !== null ? Math.max(0, transport.rttMs - rttMs) : []
  )
  return fitCells(name, {
    turnsCounted: turns.length === 0 ? null : mean(turns),
    statistic,
    baseRttMs: bases.length === 0 ? null : Math.min(...bases),
    cells: runs.flatMap(({ rttMs, transport }) =>
      transport.rounds.flatMap(({ service, turns: { perMessage } }): SweepCell[] => {
        const ms = service[statistic]
        if (ms === null) return []
        return [statistic === 'mean' && perMessage !== null ? [rttMs, ms, perMessage] : [rttMs, ms]]
      })
    ),
    points: runs.map((run) => pointOf(run)),
    isClosed: concurrency > 1 && runs.every(({ transport }) => transport.offeredRate === null)
  })
}

/**
 * Fits a transport over the distances of the places that it ran at: each is a point at its own round trip.
 * @param concurrency sends at a time that the load asks for
 */
export function fitPlaces(transport: TransportRecord, concurrency: number): SweepTransport {
  const runs = transport.places.flatMap(({ place, ...figures }): SweepRun[] =>
    figures.rttMs === null ? [] : [{ rttMs: figures.rttMs, place, transport: { ...transport, ...figures } }]
  )
  return fitSweep(transport.name, runs, concurrency)
}

/** From this share of either kind on, a transport sends both on new connections and on kept ones. */
const MIXED = 0.1

/** What a run found at one distance. @param sizeBytes of its messages, where they differ over the sweep */
export function pointOf(
  { rttMs, place, transport: { counts, response, service, throughput } }: SweepRun,
  sizeBytes: number | null = null
): SweepPoint {
  return {
    rttMs,
    ...(place === undefined ? {} : { place }),
    sizeBytes,
    n: counts.accepted,
    p50: response.p50,
    serviceP50: service.p50,
    serviceMean: service.mean,
    throughput
  }
}

/** Some messages open a connection and others do not: then the median stands for one kind, and only the mean for all. */
function isMixed({ turns: { perMessage, cold, warm } }: TransportRecord): boolean {
  if (perMessage === null || cold === null || warm === null || cold === warm) return false
  const coldShare = (perMessage - warm) / (cold - warm)
  return coldShare >= MIXED && coldShare <= 1 - MIXED
}

/** The fit behind {@link fitSweep}: the slope is turns, the height where there is no distance server plus client time. */
export function fitCells(name: string, sweep: SweepCells): SweepTransport {
  const { turnsCounted, statistic, baseRttMs, cells, points } = sweep
  // Weights alone would make a line of one distance.
  const hasDistances = new Set(cells.map(([rttMs]) => rttMs)).size > 1
  const line = fitLine(
    (hasDistances ? cells : []).map(([rttMs, ms, turns]) => {
      // Where more of the messages had to connect than elsewhere, the distance counted that much more often.
      const weight = turns === undefined || turnsCounted === null ? 1 : turns / turnsCounted
      return [weight * (rttMs + (baseRttMs ?? 0)), ms]
    })
  )
  const reach = line === null ? null : reachOf(line)
  const fitted = line === null ? null : line.slope
  return {
    name,
    turnsCounted,
    turnsFitted: fitted,
    turnsLow: fitted === null || reach === null ? null : fitted - reach,
    turnsHigh: fitted === null || reach === null ? null : fitted + reach,
    statistic,
    finding: finding(sweep, fitted, reach),
    differencePercent:
      fitted === null || turnsCounted === null || turnsCounted === 0
        ? null
        : (100 * (fitted - turnsCounted)) / turnsCounted,
    baseRttMs,
    interceptMs: line?.intercept ?? null,
    r2: line?.r2 ?? null,
    sizes: [],
    points: [...points]
  }
}

function reachOf({ slope, slopeReach }: Line): number | null {
  return slopeReach === null ? null : Math.max(slopeReach, RESOLUTION * Math.abs(slope))
}

function finding(sweep: SweepCells, fitted: number | null, reach: number | null): SweepFinding {
  const { turnsCounted } = sweep
  if (turnsCounted === null || fitted === null || reach === null) return 'too-few'
  if (sweep.isClosed && isSaturated(sweep, turnsCounted)) return 'saturated'
  if (reach > TELLING * Math.max(1, turnsCounted)) return 'too-few'
  return Math.abs(fitted - turnsCounted) <= reach ? 'agrees' : 'differs'
}

/**
 * Whether the peer was at its limit somewhere: from one distance to the next each turn takes longer, and yet a message
 * does not, because what it waited for at the peer before it now waits for on its way. A limit bends the line and makes
 * its interval wide, as chance does: it is told from chance by the scatter of the rounds at one distance.
 */
function isSaturated({ points, statistic, cells }: SweepCells, turnsCounted: number): boolean {
  const reachMs = differenceReachMs(cells)
  const measured = points
    .flatMap(({ rttMs, n, serviceP50, serviceMean }) => {
      const ms = statistic === 'mean' ? serviceMean : serviceP50
      return ms === null ? [] : [{ rttMs, n, ms }]
    })
    .sort((a, b) => a.rttMs - b.rttMs)
  return measured.some((near, index) => {
    const far = measured[index + 1]
    if (far === undefined) return false
    const expectedMs = turnsCounted * (far.rttMs - near.rttMs)
    const missingMs = expectedMs - (far.ms - near.ms)
    const isTelling = reachMs === null ? Math.min(near.n, far.n) >= TELLING_MESSAGES : missingMs > reachMs
    return expectedMs > GROWTH * near.ms && missingMs > expectedMs / 2 && isTelling
  })
}

/** How far chance moves the difference between two distances (95 %), ms; null where no distance had two rounds. */
function differenceReachMs(cells: readonly SweepCell[]): number | null {
  const distances = [...new Set(cells.map(([rttMs]) => rttMs))]
  const degrees = cells.length - distances.length
  if (degrees < 1) return null
  const squares = distances.flatMap((distance) => {
    const times = cells.filter(([rttMs]) => rttMs === distance).map(([, ms]) => ms)
    return times.map((ms) => (ms - mean(times)) ** 2)
  })
  const deviation = Math.sqrt(sum(squares) / degrees)
  return studentT(degrees) * deviation * Math.sqrt((2 * distances.length) / cells.length)
}
