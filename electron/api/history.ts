import { done, type Handlers } from './handlers.ts'
import type { Services } from './services.ts'

type HistoryChannel = Extract<keyof Handlers, `runs.${string}`>

export function historyHandlers({ runs }: Services): Pick<Handlers, HistoryChannel> {
  return {
    'runs.list': () => runs.list(),
    'runs.get': (id) => runs.get(id),
    'runs.rename': (id, name) => done(runs.rename(id, name)),
    'runs.delete': (id) => done(runs.delete(id)),
    'runs.restore': (id) => done(runs.restore(id)),
    'runs.export': (id, format) => runs.export(id, format),
    'runs.import': (text) => runs.import(text),
    'runs.compare': (a, b) => runs.compare(a, b)
  }
}
