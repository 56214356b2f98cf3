import { seededRandom } from '../../shared/random.ts'

/**
 * Simulated rounds of two transports that ran side by side, skewed as real latencies are: lognormal with a
 * long tail, a drift from round to round that both feel, and one that each has for itself.
 */
export interface Simulation {
  rounds: number
  samplesPerRound: number
  /** Median of `a` over the median of `b`. */
  ratio: number
}

/** Times in µs, per transport and round. */
export function simulateRounds(
  { rounds, samplesPerRound, ratio }: Simulation,
  seed: number
): { a: number[][]; b: number[][] } {
  const random = seededRandom(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const a: number[][] = []
  const b: number[][] = []
  for (let round = 0; round < rounds; round++) {
    const shared = 5000 * Math.exp(0.1 * normal())
    for (const [list, factor] of [
      [a, ratio],
      [b, 1]
    ] as const) {
      const median = shared * factor * Math.exp(0.02 * normal())
      list.push(
        Array.from({ length: samplesPerRound }, () => {
          const stall = random() < 0.02 ? 1 + 5 * random() : 1
          return median * Math.exp(0.4 * normal()) * stall
        })
      )
    }
  }
  return { a, b }
}
