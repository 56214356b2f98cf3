import type { Family } from '../transports/connect/resolver.ts'
import { connectProbe } from './round-trip-probe.ts'

/** Connects that are timed before a load. The first is slow, its code being cold. */
const CONNECTS = 6

/**
 * Times how long a peer takes to accept a connection, one after another, before any load disturbs the network or this
 * machine. Nothing is said on them. Lookups are not timed.
 * @returns µs of each that succeeded, as the kernel has it where it tells
 */
export async function connectTimes(
  { host, port, family }: { host: string; port: number; family: Family },
  signal?: AbortSignal
): Promise<number[]> {
  const probe = connectProbe(host, port, family)
  const timesUs: number[] = []
  for (let index = 0; index < CONNECTS; index++) {
    const us = await probe.sample(signal)
    if (us === null) break
    if (index > 0) timesUs.push(us)
  }
  return timesUs
}
