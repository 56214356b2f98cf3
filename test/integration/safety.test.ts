import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, temporaryFolder, type CliResult } from '../support/cli.ts'

/** A loopback alias that the tests declare remote. */
const REMOTE = '127.0.0.2'

let server: Server
let connections: number
let port: number

beforeEach(async () => {
  connections = 0
  // Whoever connects is hung up on: what matters is whether anybody does.
  server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  server.listen(0, REMOTE)
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterEach(async () => {
  server.close()
  await once(server, 'close')
})

async function planFile(changes: Partial<PlanInput> = {}): Promise<string> {
  const file = join(temporaryFolder(), 'plan.json')
  const plan: PlanInput = {
    schema: 1,
    name: 'far away',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 20 },
    warmupSeconds: 0,
    timeoutSeconds: 5,
    transports: [{ name: 'relay', protocol: 'smtp', host: REMOTE, port, security: 'none' }],
    ...changes
  }
  await writeFile(file, JSON.stringify(plan))
  return file
}

const declared = (args: string[]): Promise<CliResult> => cli(args, { CHATTERMARK_REMOTE_HOSTS: REMOTE })

describe('a remote target', () => {
  const commands: { command: string; args: string[] }[] = [
    { command: 'run', args: [] },
    { command: 'sweep', args: ['--rtt', '0,10'] },
    { command: 'explain', args: [] },
    { command: 'capacity', args: ['--slo', 'failed == 0'] }
  ]
  it.each(commands)('is not even connected to without --remote: $command', async ({ command, args }) => {
    const result = await declared([command, await planFile(), ...args])
    expect(result.exitCode).toBe(2)
    expect(result.stdout).toBe('')
    expect(result.stderr).toMatch(
      /nothing was sent[^]*relay at 127\.0\.0\.2[^]*sink@example\.com[^]*--remote/
    )
    expect(connections).toBe(0)
  })

  it('is tried with --remote, after a summary of what will be sent to whom', async () => {
    const result = await declared(['run', await planFile(), '--remote'])
    expect(result.stderr).toMatch(
      /20 messages to 127\.0\.0\.2[^]*relay at 127\.0\.0\.2:\d+, to sink@example\.com/
    )
    expect(connections).toBeGreaterThan(0)
  })

  const refusals: { title: string; changes: Partial<PlanInput>; args: string[]; says: RegExp }[] = [
    {
      title: 'a recipient who may be real',
      changes: {
        message: { from: 'bench@example.com', to: ['someone@real-company.dev', 'sink@example.com'] }
      },
      args: ['--remote'],
      says: /real mailboxes; nothing was sent: someone@real-company\.dev\n/
    },
    {
      title: 'more messages than the hard stop',
      changes: {},
      args: ['--remote', '--max-messages', '19'],
      says: /20 messages, more than the hard stop of 19; nothing was sent/
    }
  ]
  it.each(refusals)('is not connected to for $title', async ({ changes, args, says }) => {
    const result = await declared(['run', await planFile(changes), ...args])
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toMatch(says)
    expect(connections).toBe(0)
  })
})

describe('a loopback target that nobody declared remote', () => {
  it('needs no consent', async () => {
    const result = await cli(['run', await planFile()])
    expect(result.stderr).not.toContain('--remote')
    expect(connections).toBeGreaterThan(0)
  })
})
