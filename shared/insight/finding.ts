import type { Comparison } from '../record/run-record.ts'
import { LEAST_ROUNDS } from './ratio-interval.ts'

/**
 * What a comparison of two transports lets one say:
 * `different` - chance does not explain it; `level` - no difference, and none of any size could have been missed;
 * `unclear` - no difference seen, but there may be a large one; `too-few-messages` for this percentile;
 * `overloaded` - a queue grew as long as the load went on, and the times say how long that was;
 * `too-few-rounds` - one or two rounds tell nothing about how much rounds vary.
 */
export type Finding = 'different' | 'level' | 'unclear' | 'overloaded' | 'too-few-messages' | 'too-few-rounds'

/** An interval within a quarter of 1 leaves no room for a difference that matters. */
const LEVEL_WITHIN = 1.25
/** One that leaves 1 out must lie closer for that: it shows a difference, if by chance. */
const LEVEL_BESIDE = 1.02
/** With fewer rounds than this an interval is wide, and rests on few repetitions. */
export const FEW_ROUNDS = 4

/** @param comparison null where two transports have no comparison */
export function findingOf(comparison: Comparison | null): Finding {
  // Older records compare two rounds as well, and the oldest do not say of how many they are.
  const rounds = comparison?.rounds ?? 0
  if (comparison === null || (rounds > 0 && rounds < LEAST_ROUNDS)) return 'too-few-rounds'
  if (comparison.overloaded === true) return 'overloaded'
  if (!comparison.enough) return 'too-few-messages'
  if (comparison.differs) return 'different'
  const { ratio, low, high } = comparison
  // One that begins at the ratio itself was stretched to it: the rounds say something else than the whole.
  const isAround = low <= 1 && high >= 1 && low < ratio && high > ratio
  return within(comparison, isAround ? LEVEL_WITHIN : LEVEL_BESIDE) ? 'level' : 'unclear'
}

function within({ low, high }: Comparison, bound: number): boolean {
  return low >= 1 / bound && high <= bound
}

/** A finding that claims no difference, in the words of a table's cell; '' for one that does. */
export function findingText(finding: Finding): string {
  switch (finding) {
    case 'different':
      return ''
    case 'level':
      return 'no difference seen'
    case 'unclear':
      return 'cannot tell'
    case 'overloaded':
      return 'its queue grew'
    case 'too-few-messages':
      return 'too few messages'
    case 'too-few-rounds':
      return 'too few rounds'
  }
}
