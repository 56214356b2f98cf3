import type { RunMark, RunSummary } from '../../shared/page/ipc.ts'
import type { Client } from './client.ts'

/** Past runs, newest first. */
export class History {
  /** Null until the first answer. */
  runs = $state.raw<RunSummary[] | null>(null)
  readonly #client: Client
  #asked = 0

  constructor(client: Client) {
    this.#client = client
  }

  async refresh(): Promise<void> {
    const asked = ++this.#asked
    const runs = await this.#client.call('runs.list')
    // An answer that was overtaken knows less.
    if (asked === this.#asked) this.runs = runs
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#client.call('runs.rename', id, name)
    await this.refresh()
  }

  /** Sets the reader's own words about a run, or makes it the baseline of its plan. */
  async mark(id: string, mark: RunMark): Promise<void> {
    await this.#client.call('runs.mark', id, mark)
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
