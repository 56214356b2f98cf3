import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startCli, temporaryFolder } from './cli.ts'
import type { NatsServer } from './nats-server.ts'

/** An agent in a process of its own. */
export interface AgentProcess {
  readonly place: string
  readonly child: ChildProcess
  /** What it said so far. */
  said(): string
  /** Its exit code, once it has ended and all that it said was heard. */
  ended(): Promise<number | null>
  /** Folders of its own records, oldest first. */
  runs(): string[]
  stop(): Promise<void>
}

/** Starts an agent and waits until it waits for work. */
export async function startAgentProcess(
  server: Pick<NatsServer, 'url'>,
  place: string,
  options: { args?: string[]; env?: Record<string, string> } = {}
): Promise<AgentProcess> {
  const data = temporaryFolder()
  const child = startCli(['agent', '--server', server.url, '--place', place, ...(options.args ?? [])], {
    CHATTERMARK_DATA: data,
    ...options.env
  })
  const closed = once(child, 'close')
  let said = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes('waits for work')) resolve()
  })
  child.once('exit', () => {
    reject(new Error(`the agent ${place} ended: ${said}`))
  })
  await promise
  child.removeAllListeners('exit')
  return {
    place,
    child,
    said: () => said,
    async ended() {
      await closed
      return child.exitCode
    },
    runs() {
      const folder = join(data, 'runs')
      if (!existsSync(folder)) return []
      return readdirSync(folder)
        .filter((name) => /^\d/.test(name))
        .sort()
        .map((name) => join(folder, name))
    },
    async stop() {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      await closed
    }
  }
}
