import type { Objective } from '../../shared/insight/objective.ts'
import { judgeStep, type StepQuestion } from '../../shared/insight/step-judge.ts'
import type { Delta } from '../record/delta.ts'
import type { PlaceStart } from '../record/run-start.ts'
import { StepRows } from './step-rows.ts'

/** Watches each place of a step by itself, at its share of the rate, for the one that gives out first. */
export class StepPlaces {
  readonly #places: readonly { name: string; share: number; rows: StepRows }[]
  readonly #objectives: readonly Objective[]
  #gaveOut: readonly string[] = []

  constructor(places: readonly PlaceStart[], objectives: readonly Objective[], warmupSeconds: number) {
    this.#objectives = objectives
    this.#places = places.map(({ name, share }) => ({
      ...{ name, share },
      rows: new StepRows(objectives, warmupSeconds)
    }))
  }

  add(delta: Delta): void {
    this.#places[delta.place ?? -1]?.rows.add(delta)
  }

  /** Looks at the seconds that are over; `toldUs` is up to when everything was reported, since the run's first send. */
  look(rate: number, question: StepQuestion, toldUs: number): void {
    if (this.#gaveOut.length > 0) return
    this.#gaveOut = this.#places
      .filter(({ share, rows }) => {
        const seconds = rows.complete(toldUs)
        const soFar = {
          ...{ rate: rate * share, measuredSeconds: rows.measuredSeconds(seconds) },
          ...{ measuredFrom: rows.measuredFrom, seconds, measured: () => rows.sight() }
        }
        return seconds.length > 0 && judgeStep(this.#objectives, question, soFar).state === 'failed'
      })
      .map(({ name }) => name)
  }

  /** Those whose own messages missed what was demanded first: several where that was in one second, none where none did. */
  get gaveOut(): readonly string[] {
    return this.#gaveOut
  }

  /** Names of the places that `isOne` holds for; `share` is what of the rate, and of the crew's workers, is a place's. */
  which(isOne: (rows: StepRows, place: number, share: number) => boolean): string[] {
    return this.#places.filter(({ rows, share }, place) => isOne(rows, place, share)).map(({ name }) => name)
  }
}
