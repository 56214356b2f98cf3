import type { TransportRecord } from '../record/run-record.ts'
import type { SweepFinding, SweepPoint, SweepTransport } from '../record/sweep-record.ts'
import { fitLine, mean, type Line } from './statistics.ts'
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
  /** The next send waited for the one before: only then can a peer's limit look like a line. */
  isClosed: boolean
}

/** Least error of a slope, as a share of it: distances are emulated no better. */
const RESOLUTION = 0.005
/** An interval that reaches further than this share of the counted turns, and than so many turns, tells nothing. */
const TELLING = 0.2
/** A point whose service time should grow by this share to the next tells whether it grows. */
const GROWTH = 0.2

/** Fits a transport's service time over the distances at which it ran. Response time holds the waiting for a slot, too. */
export function fitSweep(name: string, runs: readonly SweepRun[]): SweepTransport {
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
    isClosed: runs.every(({ transport }) => transport.offeredRate === null)
  })
}

/** Fits a transport over the distances of the places that it ran at: each is a point at its own round trip. */
export function fitPlaces(transport: TransportRecord): SweepTransport {
  const runs = transport.places.flatMap(({ place, ...figures }): SweepRun[] =>
    figures.rttMs === null ? [] : [{ rttMs: figures.rttMs, place, transport: { ...transport, ...figures } }]
  )
  return fitSweep(transport.name, runs)
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
  const line = fitLine(
    cells.map(([rttMs, ms, turns]) => {
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
  if (turnsCounted === null || fitted === null) return 'too-few'
  if (sweep.isClosed && isSaturated(sweep, turnsCounted)) return 'saturated'
  if (reach === null || reach > TELLING * Math.max(1, turnsCounted)) return 'too-few'
  return Math.abs(fitted - turnsCounted) <= reach ? 'agrees' : 'differs'
}

/**
 * Whether the peer was at its limit somewhere: from one distance to the next each turn takes longer, and yet a message
 * does not, because what it waited for at the peer before it now waits for on its way.
 */
function isSaturated({ points, statistic }: SweepCells, turnsCounted: number): boolean {
  const measured = points
    .flatMap(({ rttMs, serviceP50, serviceMean }) => {
      const ms = statistic === 'mean' ? serviceMean : serviceP50
      return ms === null ? [] : [{ rttMs, ms }]
    })
    .sort((a, b) => a.rttMs - b.rttMs)
  return measured.some((near, index) => {
    const far = measured[index + 1]
    if (far === undefined) return false
    const expectedMs = turnsCounted * (far.rttMs - near.rttMs)
    return expectedMs > GROWTH * near.ms && far.ms - near.ms < expectedMs / 2
  })
}
