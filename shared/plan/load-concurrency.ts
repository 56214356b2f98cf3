import type { Load } from './plan.ts'

/** Sends in flight at most that a load asks for. */
export function loadConcurrency(load: Load): number {
  return load.model === 'closed' ? load.concurrency : load.maxConcurrency
}
