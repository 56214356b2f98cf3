import { differingPaths } from '../../shared/plan/differing-paths.ts'
import type { PlaceRecord, RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { mergeTransports } from './merge-transports.ts'
import { RunError } from './run-error.ts'
import { composeRecord } from './compose-record.ts'

/** A finished run, and the name of the place that it stands for. */
export interface PlaceRun {
  place: string
  record: RunRecord
}

/**
 * Merges finished runs of one plan as if they had been one run over these places. A run that has places itself brings
 * them along.
 * @throws {RunError} when there are fewer than two, two bear one name, or their plans differ, with what differs
 */
export function mergeRuns(runs: readonly PlaceRun[]): RunRecord {
  const [first, second] = runs
  if (first === undefined || second === undefined)
    throw new RunError('there must be two runs at least to merge')
  for (const { place, record } of runs) {
    const differing = differingPaths(first.record.plan, record.plan).filter((path) => path !== 'name')
    if (differing.length > 0) {
      throw new RunError(
        `${place} is not a run of the same plan as ${first.place}: they differ in ${differing.join(', ')}; only runs of one plan can be merged`
      )
    }
  }
  const places = runs.flatMap(placesOf)
  const twice = places.find(({ name }, index) => places.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) {
    throw new RunError(
      `two of the runs are called ${twice.name}; give their folders names of their own, one for each place`
    )
  }
  const records = runs.map(({ record }) => record)
  const transports = first.record.transports.map((_, index): TransportRecord => {
    const merged = mergeTransports(
      runs.flatMap(({ place, record }) => {
        const part = record.transports[index]
        return part === undefined ? [] : [{ place, record: part }]
      })
    )
    const inner = runs.flatMap(({ record }, run) => {
      const own = record.transports[index]?.places ?? []
      return own.length > 0 ? own : merged.places.slice(run, run + 1)
    })
    return { ...merged, places: inner }
  })
  const startedAt = records.map((record) => record.startedAt).sort()[0] ?? first.record.startedAt
  const { schema, name, environment, plan } = first.record
  return composeRecord({
    ...{ schema, name, environment, plan },
    id: `${first.record.id}-merged`,
    startedAt,
    finishedAt:
      records
        .map((record) => record.finishedAt)
        .sort()
        .at(-1) ?? first.record.finishedAt,
    state: records.every(({ state }) => state === 'finished') ? 'finished' : 'stopped',
    places,
    transports
  })
}

function placesOf({ place, record }: PlaceRun): PlaceRecord[] {
  if (record.places.length > 0) return record.places
  const { environment } = record
  return [{ name: place, environment, clockOffsetMs: null, startErrorMs: null, state: 'finished' }]
}
