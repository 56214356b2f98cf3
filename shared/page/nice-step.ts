/** The least of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that is not below a number: a step that an axis is read by. */
export function niceStep(atLeast: number): number {
  const decade = 10 ** Math.floor(Math.log10(atLeast))
  return ([1, 2, 5, 10].find((factor) => factor * decade >= atLeast - 1e-12) ?? 10) * decade
}
