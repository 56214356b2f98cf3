import type { PlaceRecord, RunRecord, RunState, TransportRecord } from '../../shared/record/run-record.ts'
import type { BlockEnd } from './block-end.ts'
import type { Delta } from './delta.ts'
import { mergeTransports } from './merge-transports.ts'
import { composeRecord } from './compose-record.ts'
import { RunRecorder } from './run-recorder.ts'
import type { PlaceStart, RunStart } from './run-start.ts'

/** From here on, a place that began beside the common moment is told of, ms. */
const OFF_MS = 50

/** Adds a run up over several places: each place by itself, and the whole as their exact sum. */
export class PlacesRecorder extends RunRecorder {
  readonly #places: { start: PlaceStart; recorder: RunRecorder; startErrorMs: number }[]
  readonly #allowLost: number
  /** Lost places, each with the round and transport in which it fell silent. */
  readonly #lost = new Map<number, { transport: number; round: number }>()

  constructor({ places, ...start }: RunStart & { places: readonly PlaceStart[] }) {
    super(start)
    this.#allowLost = start.allowLost ?? 0
    this.#places = places.map((place) => ({
      start: place,
      recorder: new RunRecorder({
        ...start,
        environment: place.environment,
        share: place.share,
        transports: place.transports
      }),
      startErrorMs: place.clockErrorMs
    }))
  }

  override addDelta(delta: Delta): void {
    super.addDelta(delta)
    this.#at(delta.place).recorder.addDelta(delta)
  }

  override addBlockEnd(index: number, round: number, end: BlockEnd): void {
    super.addBlockEnd(index, round, end)
    const place = this.#at(end.place)
    place.recorder.addBlockEnd(index, round, end)
    place.startErrorMs = Math.max(place.startErrorMs, (end.startErrorMs ?? 0) + place.start.clockErrorMs)
  }

  override addLoss(place: number, transport: number, round: number): void {
    if (!this.#lost.has(place)) this.#lost.set(place, { transport, round })
  }

  override transportRecord(index: number): TransportRecord {
    const whole = super.transportRecord(index)
    const parts = this.#places.map(({ start, recorder }) => ({
      place: start.name,
      record: recorder.transportRecord(index)
    }))
    const merged = mergeTransports(parts)
    // What came when is at hand here: the values behind each second, and what waited at the end of each round.
    const { timeline, backlogAtEnd } = whole
    return { ...merged, timeline, backlogAtEnd, notes: [...whole.notes, ...this.#notesOf(index)] }
  }

  override record(state: RunState, finishedAt: string): RunRecord {
    const record = super.record(state, finishedAt)
    const places = this.#places.map(({ start, startErrorMs }, index): PlaceRecord => {
      const { name, environment, clockOffsetMs } = start
      return {
        name,
        environment,
        clockOffsetMs,
        startErrorMs,
        state: this.#lost.has(index) ? 'lost' : 'finished'
      }
    })
    const composed = composeRecord({ ...record, places }, this.#comparable(record.transports))
    if (this.#lost.size <= this.#allowLost) return composed
    return { ...composed, asserts: composed.asserts.map((assert) => ({ ...assert, pass: false })) }
  }

  /** A block in which a place fell silent is no round to compare by. */
  #comparable(transports: readonly TransportRecord[]): TransportRecord[] {
    return transports.map((transport, index) => ({
      ...transport,
      rounds: transport.rounds.filter(
        ({ round }) =>
          ![...this.#lost.values()].some((loss) => loss.transport === index && loss.round === round)
      )
    }))
  }

  #notesOf(index: number): string[] {
    return this.#places.flatMap(({ start, recorder, startErrorMs }, place) => [
      ...(this.#lost.has(place)
        ? [`The place ${start.name} was lost; what it had told up to then is counted.`]
        : []),
      ...(startErrorMs > OFF_MS
        ? [`The place ${start.name} may have begun ${Math.round(startErrorMs)} ms beside the others.`]
        : []),
      ...recorder
        .transportRecord(index)
        .notes.filter((note) => !start.transports[index]?.notes.includes(note))
        .map((note) => `${start.name}: ${note}`)
    ])
  }

  #at(place: number | undefined) {
    const found = this.#places[place ?? -1]
    if (found === undefined) throw new RangeError(`no place ${place}`)
    return found
  }
}
