import type { Runner } from './services.ts'

/** How long a stopped run may take to write its record before it is left alone, ms. */
const LONGEST_END_MS = 10_000

/** Stops the run that is going, at once, and waits until its record is written. */
export async function stopRun(runner: Runner): Promise<void> {
  if (runner.current() === null) return
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    end = runner.onEnd(() => resolve())
  })
  runner.stop()
  runner.stop()
  const timeout = AbortSignal.timeout(LONGEST_END_MS)
  await Promise.race([ended, new Promise((resolve) => timeout.addEventListener('abort', resolve))])
  end()
}
