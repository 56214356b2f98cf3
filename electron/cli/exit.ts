import type { Fault } from '../../shared/plan/schema-faults.ts'

/** Exit codes of the command line. */
export const EXIT = { ok: 0, assertionFailed: 1, usage: 2, couldNotRun: 3, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a code and a message for the user on stderr. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** Ends a command whose plan cannot be sent: what is wrong with it, place by place. */
export class PlanRefused extends CommandError {
  readonly faults: readonly Fault[]

  constructor(message: string, faults: readonly Fault[]) {
    super(EXIT.usage, message)
    this.faults = faults
  }
}
