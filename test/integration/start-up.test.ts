import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'
import { loadedModules, loadedOfNode } from '../support/loaded-modules.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'

const program = (path: string): string => resolve(import.meta.dirname, '../../electron', path)
const CLI = program('cli/main.ts')

/** A plan whose peer is not there. */
function planToNobody(): string {
  const plan = join(temporaryFolder(), 'plan.json')
  const transports = [{ name: 'gone', protocol: 'smtp', host: '127.0.0.1', port: 1, security: 'none' }]
  writeFileSync(plan, JSON.stringify({ ...sandboxPlanInput(), transports }))
  return plan
}

it('--help loads neither schemas nor what sends, so that it answers at once', async () => {
  const modules = await loadedModules(CLI, '--help')
  expect(modules.some((url) => url.includes('/electron/cli/main.ts'))).toBe(true)
  expect(
    modules.filter((url) => /\/zod\/|\/(engine|record|transports|places)\/|\/plan\/plan/.test(url))
  ).toEqual([])
})

it('a run does not load what makes the sandbox’s certificate: that is for the sandbox’s own process', async () => {
  const modules = await loadedModules(CLI, 'run', planToNobody(), '--out', join(temporaryFolder(), 'run'))
  expect(modules.some((url) => url.includes('/electron/sandbox/sandbox.ts'))).toBe(true)
  expect(modules.filter((url) => /\/node_modules\/(selfsigned|@peculiar|pkijs)\//.test(url))).toEqual([])
})

it('a thread that sends loads no schemas: they are for the border, and each thread would read them again', async () => {
  const modules = await loadedModules(program('engine/engine-worker.ts'))
  expect(modules.some((url) => url.includes('/electron/record/fold.ts'))).toBe(true)
  expect(modules.filter((url) => url.includes('/zod/'))).toEqual([])
})

it.each([
  ['a run', CLI, () => ['run', planToNobody(), '--out', join(temporaryFolder(), 'run')]],
  ['a thread that sends', program('engine/engine-worker.ts'), () => []],
  ['the sandbox', program('sandbox/sandbox-process.ts'), () => []],
  ['the receiver', program('delivery/receiver-process.ts'), () => []]
])('%s does not load Node’s own fetch, which nothing of it uses', async (_, entry, args) => {
  const names = await loadedOfNode(entry, ...args())
  expect(names).toContain('net')
  expect(names.filter((name) => name.includes('undici'))).toEqual([])
})
