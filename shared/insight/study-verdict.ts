import type { Study } from '../plan/study.ts'
import type { CapacityRecord } from '../record/capacity-record.ts'
import type { SweepRecord, SweepTransport } from '../record/sweep-record.ts'
import { counted, figure, milliseconds } from '../text/format.ts'
import { capacitySentence } from './capacity-sentence.ts'
import { fittedMs } from './sweep-words.ts'

/** What a study found, a sentence with its numbers for each transport. */
export function studyVerdict(
  study: Study,
  capacity: CapacityRecord | null,
  sweep: SweepRecord | null
): string {
  if (study.kind === 'capacity') return (capacity?.transports ?? []).map(capacitySentence).join(' ')
  const sentence = study.kind === 'distance' ? distanceSentence : sizeSentence
  return (sweep?.transports ?? []).map(sentence).join(' ')
}

/** What distance does to a transport: its turns, counted and fitted. */
export function distanceSentence(transport: SweepTransport): string {
  const { name, turnsCounted, turnsFitted, points } = transport
  if (turnsFitted === null) return `${name}: not enough points for a line.`
  const beside = turnsCounted === null ? '' : ` (counted: ${figure(turnsCounted)})`
  const [far] = points
    .filter((point) => fittedMs(transport, point) !== null)
    .toSorted((a, b) => b.rttMs - a.rttMs)
  const farMs = far === undefined ? null : fittedMs(transport, far)
  const there =
    far === undefined || farMs === null
      ? ''
      : `; ${milliseconds(far.rttMs)} away it takes ${milliseconds(farMs)}`
  return `${name} costs ${figure(turnsFitted)} round trips a message${beside}, fitted over ${counted(points.length, 'distance')}${there}.`
}

/** What size does to a transport: from the least to the greatest content. */
export function sizeSentence({ name, points }: SweepTransport): string {
  const measured = points.filter(({ serviceP50 }) => serviceP50 !== null)
  const [first, last] = [measured[0], measured.at(-1)]
  if (first?.serviceP50 == null || last?.serviceP50 == null || first === last)
    return `${name}: not enough points.`
  return `${name} takes ${milliseconds(first.serviceP50)} for the smallest message and ${milliseconds(last.serviceP50)} for the largest.`
}
