import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface CliResult {
  exitCode: number | null
  stdout: string
  stderr: string
}

const MAIN = resolve(import.meta.dirname, '../../electron/cli/main.ts')

/** A new empty folder below the system's temporary one. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'chattermark-test-'))
}

/**
 * Starts the command line as a user would, with an empty data folder unless `env` names one.
 * @param stdout a file to print to, instead of a pipe
 */
export function startCli(
  args: string[],
  env: Record<string, string> = {},
  stdout: number | 'pipe' = 'pipe'
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, CHATTERMARK_DATA: temporaryFolder(), ...env },
    stdio: ['ignore', stdout, 'pipe']
  })
}

/**
 * Starts the command line at the head of a process group, as a shell and a service manager do.
 * @returns the process, and how to signal the whole group
 */
export function startCliGroup(args: string[]): {
  child: ChildProcess
  signal: (name: NodeJS.Signals) => void
} {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, CHATTERMARK_DATA: temporaryFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  const { pid } = child
  if (pid === undefined) throw new Error('the command line cannot be started')
  return { child, signal: (name) => process.kill(-pid, name) }
}

/** Runs the command line to its end, in a process of its own. */
export function cliAlone(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  return finished(startCli(args, env))
}

interface Host {
  child: ChildProcess
  /** Rejects when the process ends. */
  ended: Promise<never>
}

let host: Host | undefined
/** Commands of one process go one after another. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * Runs the command line to its end, one command after another in one process that is started once for a file of tests:
 * most of what a command takes is its start. What a process does at its end, or two at a time, needs {@link cliAlone}.
 */
export function cli(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  const result = turn.then(() => askHost(args, { CHATTERMARK_DATA: temporaryFolder(), ...env }))
  turn = result.catch(() => undefined)
  return result
}

async function askHost(args: string[], env: Record<string, string>): Promise<CliResult> {
  if (host?.child.connected !== true) host = startHost()
  const { child, ended } = host
  child.channel?.ref()
  try {
    child.send({ args, env })
    const [answer] = (await Promise.race([once(child, 'message'), ended])) as [CliResult]
    return answer
  } finally {
    child.channel?.unref()
  }
}

/** It ends with its parent, and is no reason for the parent to stay. */
function startHost(): Host {
  const child = fork(resolve(import.meta.dirname, 'cli-host.ts'), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  child.unref()
  const ended = once(child, 'exit').then((how) => {
    throw new Error(`the process of the command line ended: ${how.join(' ')}`)
  })
  ended.catch(() => undefined)
  return { child, ended }
}

/** Collects what a started command prints until it ends. */
export function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => {
      settle({ exitCode, stdout, stderr })
    })
  })
}
