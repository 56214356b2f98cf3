/** Lanczos' coefficients for the logarithm of the gamma function (g = 7, n = 9), good to 1e-13. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7
]

/** Natural logarithm of the gamma function for x > 0.5. */
function logGamma(x: number): number {
  const at = x - 1
  const series = LANCZOS.reduce((sum, each, index) => (index === 0 ? each : sum + each / (at + index)), 0)
  const shifted = at + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (at + 0.5) * Math.log(shifted) - shifted + Math.log(series)
}

/** The regularized incomplete beta function, by its continued fraction (DLMF 8.17.22) and Lentz's method. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x))
  let [c, d, fraction] = [1, 1 / (1 - ((a + b) * x) / (a + 1)), 1 / (1 - ((a + b) * x) / (a + 1))]
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    fraction *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-12) break
  }
  return (front * fraction) / a
}

/**
 * Probability that Student's t lies at least this far from 0, on either side.
 * @param degreesOfFreedom above 0, whole or not; Infinity gives the normal distribution
 */
export function studentTail(t: number, degreesOfFreedom: number): number {
  if (t === 0) return 1
  // With so many degrees the two distributions agree to six digits.
  const degrees = Math.min(degreesOfFreedom, 1e6)
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
}

/**
 * How many standard errors an interval reaches to each side, when the error is estimated itself.
 * @param outside probability outside of it: 0.05 for a 95 % interval
 */
export function studentT(degreesOfFreedom: number, outside = 0.05): number {
  let [low, high] = [0, 1]
  while (studentTail(high, degreesOfFreedom) > outside) high *= 2
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2
    if (studentTail(middle, degreesOfFreedom) > outside) low = middle
    else high = middle
  }
  return high
}
