import { environment } from '../engine/environment.ts'
import type { BlockListener, Crew } from '../engine/crew.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { RunState } from '../../shared/record/run-record.ts'
import type { BlockEnd } from '../record/block-end.ts'
import type { FolderClaim } from '../record/folder-claim.ts'
import { Journal } from '../record/journal.ts'
import { writeRun } from '../record/run-folder.ts'
import { RunRecorder } from '../record/run-recorder.ts'

/** An agent's own account of its part of a run, kept at its place whatever becomes of the coordinator. */
export class AgentJournal {
  readonly #claim: FolderClaim
  readonly #recorder: RunRecorder
  readonly #journal: Journal

  /**
   * @param id of the agent's own record
   * @param claim its folder, taken before: a block has no time to make one
   * @param share what of the plan's rates falls to this place
   */
  constructor(id: string, claim: FolderClaim, plan: Plan, crew: Crew, share: number) {
    const start = {
      ...{ id, plan, share },
      startedAt: new Date().toISOString(),
      environment: environment(crew.workers),
      transports: crew.starts
    }
    this.#claim = claim
    this.#recorder = new RunRecorder(start)
    this.#journal = new Journal(claim.path, start)
  }

  delta(delta: Parameters<BlockListener['onDelta']>[0]): void {
    this.#recorder.addDelta(delta)
    this.#journal.append({ kind: 'delta', delta })
  }

  soFar(transport: number, round: number, worker: number, end: BlockEnd): void {
    this.#journal.append({ kind: 'block-so-far', transport, round, worker, end })
  }

  ends(transport: number, round: number, ends: readonly BlockEnd[]): void {
    for (const end of ends) {
      this.#recorder.addBlockEnd(transport, round, end)
      this.#journal.append({ kind: 'block-end', transport, round, end })
    }
  }

  /** Hands what has come together to the disk; one that refuses is tried again next time. */
  flush(): void {
    this.#journal.tryFlush()
  }

  /** Writes the record; where the disk refuses, the journal stays. */
  async finish(state: RunState): Promise<void> {
    this.flush()
    this.#journal.close()
    try {
      await writeRun(this.#claim.path, this.#recorder.record(state, new Date().toISOString()))
      await this.#claim.commit()
    } finally {
      await this.#claim.release(!this.#recorder.hasAccepted)
    }
  }
}
