import type { Runner } from '../api/services.ts'

/** What keeps the machine from going to sleep; Electron's powerSaveBlocker. */
export interface Blocker {
  start(kind: 'prevent-app-suspension'): number
  stop(id: number): unknown
}

/** The same runner, with the machine kept awake while a run goes: sleep would be measured as a slow peer. */
export function keepAwake(runner: Runner, blocker: Blocker): Runner {
  let id: number | null = null
  const release = (): void => {
    if (id !== null) blocker.stop(id)
    id = null
  }
  runner.onEnd(release)
  return {
    start: async (raw, consent, study, places) => {
      const result = await runner.start(raw, consent, study, places)
      // A very short run may have ended before its start was answered.
      if (result.ok && runner.current() !== null) id ??= blocker.start('prevent-app-suspension')
      return result
    },
    stop: () => {
      runner.stop()
    },
    current: () => runner.current(),
    errors: () => runner.errors(),
    onSnapshot: (listener) => runner.onSnapshot(listener),
    onStudy: (listener) => runner.onStudy(listener),
    onEnd: (listener) => runner.onEnd(listener)
  }
}
