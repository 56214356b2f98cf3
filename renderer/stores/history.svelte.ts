import type { RunSummary } from '../../shared/ipc.ts'
import type { Client } from './client.ts'

/** Past runs, newest first. */
export class History {
  /** Null until the first answer. */
  runs = $state.raw<RunSummary[] | null>(null)
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  async refresh(): Promise<void> {
    const runs = await this.#client.call('runs.list')
    this.runs = runs.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#client.call('runs.rename', id, name)
    await this.refresh()
  }

  async delete(id: string): Promise<void> {
    await this.#client.call('runs.delete', id)
    await this.refresh()
  }

  async restore(id: string): Promise<void> {
    await this.#client.call('runs.restore', id)
    await this.refresh()
  }

  /** Adds the run of a `run.json`. */
  async import(text: string): Promise<RunSummary> {
    const run = await this.#client.call('runs.import', text)
    await this.refresh()
    return run
  }
}
