import { PlacesRecorder } from './places-recorder.ts'
import { RunRecorder } from './run-recorder.ts'
import type { RunStart } from './run-start.ts'

/** Who adds a run up: of this machine alone, or of several places. */
export function createRecorder(start: RunStart): RunRecorder {
  const { places = [] } = start
  return places.length === 0 ? new RunRecorder(start) : new PlacesRecorder({ ...start, places })
}
