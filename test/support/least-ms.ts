/** So often is tried what a busy machine disturbs. */
export const MOST_ATTEMPTS = 50

/**
 * Least time of several attempts, ms: the one that the machine disturbed least.
 * @param enoughMs more attempts are made while none took less
 */
export async function leastMs(
  attempts: number,
  attempt: () => Promise<unknown>,
  enoughMs = Infinity
): Promise<number> {
  let least = Infinity
  for (let n = 0; n < attempts || (n < MOST_ATTEMPTS && least >= enoughMs); n++) {
    const startedMs = performance.now()
    await attempt()
    least = Math.min(least, performance.now() - startedMs)
  }
  return least
}
