import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { machineLimits, shortages } from '../../electron/engine/machine-limits.ts'
import { planSchema, type PlanInput } from '../../shared/plan/plan.ts'
import { finished, temporaryFolder, type CliResult } from '../support/cli.ts'

const MAIN = resolve(import.meta.dirname, '../../electron/cli/main.ts')

function planFor(port: number, load: PlanInput['load']): PlanInput {
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port, security: 'none' } as const
  return {
    ...{ schema: 1, name: 'limits', message: { from: 'bench@example.com', to: ['sink@example.com'] } },
    ...{ load, transports: [{ name: 'smtp', ...smtp }] }
  }
}

/** Runs a plan in a shell that allows a process no more than so many descriptors. */
function runWith(descriptors: number, plan: PlanInput): Promise<CliResult> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan))
  const script = `ulimit -n ${descriptors}; exec "$0" "$@"`
  const args = ['-c', script, process.execPath, MAIN, 'run', join(folder, 'plan.json')]
  return finished(
    spawn('sh', args, {
      env: { ...process.env, CHATTERMARK_DATA: folder },
      stdio: ['ignore', 'pipe', 'pipe']
    })
  )
}

test('a run that needs more descriptors than this machine allows is refused before the peer is called', async () => {
  let calls = 0
  const peer = createServer((socket) => {
    calls++
    socket.end('421 not meant to be called\r\n')
  }).listen(0, '127.0.0.1')
  await new Promise((settle) => peer.once('listening', settle))
  try {
    const plan = planFor((peer.address() as AddressInfo).port, {
      ...{ model: 'closed', concurrency: 500, messages: 500 }
    })
    const { exitCode, stderr } = await runWith(300, plan)
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(/this machine: 500 connections .* 300 are allowed: .*"ulimit -n 600"/)
    ])
    expect(calls).toBe(0)
  } finally {
    peer.close()
  }
})

test('what an open load may need is no reason to refuse it, and streams of one connection need one descriptor', () => {
  const limits = { ...machineLimits(), descriptors: 300, ports: null }
  const open = { model: 'open', rate: 10, durationSeconds: 1, maxConcurrency: 500 } as const
  expect(shortages(limits, planSchema.parse(planFor(25, open)))).toMatchObject([{ isCertain: false }])
  const api = { name: 'api', protocol: 'http', url: 'http://127.0.0.1:1', domain: 'example.com' } as const
  const closed = { model: 'closed', concurrency: 500, messages: 500 } as const
  const shared = { ...api, http: { version: '2', streams: 100 } } as const
  expect(shortages(limits, planSchema.parse({ ...planFor(25, closed), transports: [shared] }))).toEqual([])
})
