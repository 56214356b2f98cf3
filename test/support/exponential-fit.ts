/**
 * Kolmogorov-Smirnov test of intervals against the exponential distribution of a known rate, which the
 * intervals of a Poisson process have.
 * @param perUnit arrivals per unit of the intervals
 * @returns the greatest distance between the two distribution functions, and whether chance explains it at the 5 % level
 */
export function exponentialFit(
  intervals: readonly number[],
  perUnit: number
): { distance: number; fits: boolean } {
  const sorted = [...intervals].sort((a, b) => a - b)
  let distance = 0
  sorted.forEach((interval, index) => {
    const expected = 1 - Math.exp(-interval * perUnit)
    distance = Math.max(distance, expected - index / sorted.length, (index + 1) / sorted.length - expected)
  })
  // Asymptotic critical value of the statistic for alpha = 0.05 (Smirnov 1948).
  return { distance, fits: distance * Math.sqrt(sorted.length) < 1.358 }
}
