import type { SweepFinding, SweepPoint, SweepTransport } from '../record/sweep-record.ts'

/** What a sweep's fit says, in the fewest words. */
export function findingWords(finding: SweepFinding): string {
  switch (finding) {
    case 'agrees':
      return 'the counted lie inside'
    case 'differs':
      return 'the counted lie outside'
    case 'saturated':
      return 'saturated'
    case 'too-few':
      return 'too few messages to tell'
  }
}

/** The service time of a point that the line goes through: the median or the mean, as the fit chose, ms. */
export function fittedMs(
  { statistic }: Pick<SweepTransport, 'statistic'>,
  { serviceP50, serviceMean }: SweepPoint
): number | null {
  return statistic === 'mean' ? serviceMean : serviceP50
}

/** The 95 % interval of the fitted turns; null where there were too few figures. */
export function turnsInterval({ turnsLow, turnsHigh }: SweepTransport): string | null {
  return turnsLow === null || turnsHigh === null ? null : `${turnsLow.toFixed(2)} to ${turnsHigh.toFixed(2)}`
}

/** What saturation means for the line, where it was found. */
export function saturationSentence({ name, finding }: SweepTransport): string | null {
  return finding === 'saturated'
    ? `${name}: the peer was at its limit, so that a message took no longer from further away: the line shows that limit and not the turns. Lower the concurrency.`
    : null
}
