import { withoutLogin } from '../places/server.ts'
import { join } from 'node:path'
import { startAgent } from '../places/agent.ts'
import { runsFolder } from '../store/data-folder.ts'
import { RunError } from '../record/run-error.ts'
import { CommandError } from './exit.ts'
import { say } from './output.ts'
import { serverOf, type ServerFlags } from './places-options.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { hearSignals } from './signals.ts'

export interface AgentCommand extends SafetyOptions, ServerFlags {
  server: string
  place: string
  workers?: number
}

/** `chattermark agent --server URL --place NAME`: works for coordinators until it is told to end. */
export async function agent(options: AgentCommand): Promise<void> {
  const started = await startAgent({
    server: serverOf(options.server, options),
    place: options.place,
    remote: options.remote,
    judge: (plan) => {
      try {
        return checkSafety(plan, options)
      } catch (error) {
        throw error instanceof CommandError ? new RunError(`not allowed here: ${error.message}`) : error
      }
    },
    folderOf: (id) => join(runsFolder(), id),
    talk: say,
    ...(options.workers === undefined ? {} : { workers: options.workers })
  })
  const leave = (): void => {
    void started.leave()
  }
  hearSignals(leave)
  // Whoever reads this may end it at once: a signal is heard by now.
  say(`the place ${options.place} waits for work at ${withoutLogin(options.server)}; Ctrl-C ends it`)
  await started.left
}
