import type { TransportSnapshot } from '../../shared/record/snapshot.ts'
import { figureOrDash } from '../../shared/text/format.ts'

/** What is to be said first of a race as it stands: who is ahead, in the round that each is in. */
export function liveHeadline(
  transports: readonly Pick<TransportSnapshot, 'name' | 'round' | 'counts'>[]
): string {
  const [first, second] = transports
    .flatMap(({ name, round }) => (round?.p50 == null ? [] : [{ name, p50: round.p50 }]))
    .toSorted((a, b) => a.p50 - b.p50)
  if (first === undefined) {
    const some = (count: 'sent' | 'accepted'): boolean => transports.some(({ counts }) => counts[count] > 0)
    return some('sent') && !some('accepted') ? 'Nothing was accepted so far' : 'Getting ready'
  }
  const median = `${figureOrDash(first.p50)} ms at the median`
  return second === undefined ? `${first.name}: ${median}` : `${first.name} is ahead: ${median}`
}
