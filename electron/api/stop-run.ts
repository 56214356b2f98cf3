import { setTimeout as sleep } from 'node:timers/promises'
import type { Runner } from './services.ts'

/** How long a stopped run may take to write its record before it is left alone, ms. */
const LONGEST_END_MS = 10_000

/** Stops the run that is going, at once, and waits until its record is written. */
export async function stopRun(runner: Runner): Promise<void> {
  if (runner.current() === null) return
  const ended = Promise.withResolvers<void>()
  const end = runner.onEnd(() => ended.resolve())
  runner.stop()
  runner.stop()
  await Promise.race([ended.promise, sleep(LONGEST_END_MS, null, { ref: false })])
  end()
}
