import { figure, listed } from '../text/format.ts'
import { isFarToNear, needsPeerToKeepUp, throughputAt, type LatencyModel } from './what-if.ts'

/** A transport's model with its name. */
export interface NamedModel {
  name: string
  model: LatencyModel
}

/** In flight means more than this beyond what was measured: rounding is none. */
const MORE_IN_FLIGHT = 1.05

/**
 * What a reader must know of a prediction, a sentence each: rates that no peer was seen to keep, sends in flight that
 * were not measured, contents that the peer had no room for, and distances so much shorter that little more than error is
 * left.
 * @param rttMs null for each transport's own distance, as measured
 */
export function predictionCautions(
  models: readonly NamedModel[],
  rttMs: number | null,
  concurrency: number
): string[] {
  const names = (applies: (model: LatencyModel) => boolean): string =>
    listed(models.filter(({ model }) => applies(model)).map(({ name }) => name))
  const faster = names((model) =>
    needsPeerToKeepUp(model, throughputAt(model, rttMs ?? model.rttMs, concurrency))
  )
  const capped = models.filter(({ model }) => concurrency > MORE_IN_FLIGHT * model.concurrency)
  const awaiting = names(
    ({ awaitsReceiver, rttMs: measuredMs }) => awaitsReceiver && rttMs !== null && rttMs !== measuredMs
  )
  const near = names((model) => rttMs !== null && isFarToNear(model, rttMs))
  return [
    ...(faster === '' ? [] : [`${faster}: more a second than was measured, if the peer keeps up.`]),
    ...(capped.length === 0
      ? []
      : [
          `More at a time than was measured is not counted: ${listed(capped.map(({ name, model }) => `${name} had ${figure(model.concurrency)}`))}.`
        ]),
    ...(awaiting === ''
      ? []
      : [
          `${awaiting}: contents waited for the server’s receive window, which may cost a round trip more or less there.`
        ]),
    ...(near === ''
      ? []
      : [`${near}: predicted from far away, so that little more than the error of its round trips is left.`])
  ]
}
