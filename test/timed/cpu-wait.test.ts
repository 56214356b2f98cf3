import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'

const PROBE = resolve(import.meta.dirname, '../support/cpu-wait-probe.ts')
const NEIGHBOURS = 12

const neighbours: ChildProcess[] = []
afterEach(() => {
  for (const neighbour of neighbours.splice(0)) neighbour.kill('SIGKILL')
})

test('a thread whose processor is taken by busy neighbours is seen to wait for it, by the kernel and by naps', async () => {
  const onOne = ['-c', '0', process.execPath]
  for (let count = 0; count < NEIGHBOURS; count++)
    neighbours.push(spawn('taskset', [...onOne, '-e', 'for (;;);'], { stdio: 'ignore' }))
  // The kernel lets whoever slept go first; one that asks for little waits for its turn.
  const { stdout } = await promisify(execFile)('nice', ['-n', '5', 'taskset', ...onOne, PROBE, '1.5'])
  const [kernelMs, napsMs] = JSON.parse(stdout) as [number, number]
  // Beyond what makes a run say that this machine was its limit.
  expect(kernelMs).toBeGreaterThan(2)
  expect(napsMs).toBeGreaterThan(2)
})
