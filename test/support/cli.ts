import { spawn, type ChildProcess } from 'node:child_process'
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

/** Runs the command line to its end. */
export function cli(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  return finished(startCli(args, env))
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
