import { expect, test } from 'vitest'
import { environment } from '../../electron/engine/environment.ts'
import { StepPlaces } from '../../electron/engine/step-places.ts'
import type { Delta } from '../../electron/record/delta.ts'
import { Fold } from '../../electron/record/fold.ts'
import type { Objective } from '../../shared/insight/objective.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { parseObjective } from '../../shared/insight/objective.ts'

const RATE = 100
const QUESTION = { leastSeconds: 2, mostSeconds: 2, decided: false }
const objectives: Objective[] = [parse('rejected == 0')]

function parse(text: string): Objective {
  const parsed = parseObjective(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value
}

const place = (name: string) => ({
  ...{ name, environment: environment(1), clockOffsetMs: 0, clockErrorMs: 0, share: 0.5, transports: [] }
})

/** A second of a place's half of the rate. */
function second(number: number, at: number, outcome: 'accepted' | 'rejected'): Delta {
  let found: Delta | undefined
  const emit = (delta: Delta): void => void (found = delta)
  const fold = new Fold({ transport: 0, round: 1, clockOffsetUs: 0, hiddenHandshakeUs: 0, emit })
  const result = new SendResult(0)
  for (let seq = 0; seq < RATE / 2; seq++) {
    const dueUs = number * 1e6 + (seq * 1e6) / (RATE / 2)
    result.begin(seq, dueUs, dueUs)
    result.doneUs = dueUs + 1000
    result.outcome = outcome
    fold.add(result)
  }
  fold.flush()
  if (found === undefined) throw new Error('no delta')
  return { ...found, place: at }
}

function gaveOut(outcomes: readonly (readonly ['accepted' | 'rejected', 'accepted' | 'rejected'])[]) {
  const places = new StepPlaces([place('fra'), place('iad')], objectives, 0)
  outcomes.forEach((ofPlaces, number) => {
    ofPlaces.forEach((outcome, at) => {
      places.add(second(number, at, outcome))
    })
    places.look(RATE, QUESTION, (number + 1) * 1e6 + 400_000)
  })
  return places.gaveOut
}

test.each([
  {
    title: 'the one whose messages were refused before the others’',
    outcomes: [
      ['accepted', 'accepted'],
      ['accepted', 'rejected'],
      ['rejected', 'rejected']
    ],
    gives: ['iad']
  },
  {
    title: 'both where it was in one second',
    outcomes: [
      ['accepted', 'accepted'],
      ['rejected', 'rejected']
    ],
    gives: ['fra', 'iad']
  },
  {
    title: 'none where none did',
    outcomes: [
      ['accepted', 'accepted'],
      ['accepted', 'accepted'],
      ['accepted', 'accepted']
    ],
    gives: []
  }
] as const)('of two places the first to give out is $title', ({ outcomes, gives }) => {
  expect(gaveOut(outcomes)).toEqual(gives)
})
