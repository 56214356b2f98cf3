import { done, type Handlers } from './handlers.ts'
import type { Services } from './services.ts'

export function runHandlers({ runner }: Services): Pick<Handlers, 'run.start' | 'run.stop' | 'run.current'> {
  return {
    'run.start': (raw, consent) => runner.start(raw, consent),
    'run.stop': () => done(runner.stop()),
    'run.current': () => runner.current()
  }
}
