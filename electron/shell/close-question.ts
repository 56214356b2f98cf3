import type { Runner } from '../api/services.ts'
import { stopRun } from '../api/stop-run.ts'

/** What a window can be asked before it closes during a run. */
export const CLOSE_QUESTION = {
  type: 'question',
  message: 'A run is going on. Stop it and close?',
  detail: 'Sends in flight are cut. What was measured so far is kept in the history.',
  buttons: ['Keep running', 'Stop and close'],
  defaultId: 0,
  cancelId: 0,
  noLink: true
} satisfies Electron.MessageBoxOptions

/** Index of the answer that closes. */
const STOP_AND_CLOSE = 1

/**
 * Asks before a run is lost, and keeps the window's place.
 * @param options.ask puts {@link CLOSE_QUESTION} and tells the index of the answer
 * @param options.keepPlace what it throws, as where the disk is full, costs the place and nothing more
 */
export function guardClosing(
  window: ClosingWindow,
  { runner, ask, keepPlace }: { runner: Runner; ask: () => Promise<number>; keepPlace: () => void }
): void {
  let asking = false
  window.on('close', (event) => {
    const isRunning = runner.current() !== null
    if (isRunning) event.preventDefault()
    try {
      keepPlace()
    } catch {
      // The window opens where it was before.
    }
    if (!isRunning || asking) return
    asking = true
    void ask().then(async (answer) => {
      asking = false
      if (answer !== STOP_AND_CLOSE) return
      await stopRun(runner)
      window.destroy()
    })
  })
}

/** What is asked of a window here. */
interface ClosingWindow {
  on(event: 'close', listener: (event: { preventDefault(): void }) => void): unknown
  destroy(): void
}
