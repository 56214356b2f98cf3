import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'
import { loadedModules } from '../support/loaded-modules.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'

const CLI = resolve(import.meta.dirname, '../../electron/cli/main.ts')

it('--help loads neither schemas nor what sends, so that it answers at once', async () => {
  const modules = await loadedModules(CLI, '--help')
  expect(modules.some((url) => url.includes('/electron/cli/main.ts'))).toBe(true)
  expect(
    modules.filter((url) => /\/zod\/|\/(engine|record|transports|places)\/|\/plan\/plan/.test(url))
  ).toEqual([])
})

it('a run does not load what makes the sandbox’s certificate: that is for the sandbox’s own process', async () => {
  const plan = join(temporaryFolder(), 'plan.json')
  const transports = [{ name: 'gone', protocol: 'smtp', host: '127.0.0.1', port: 1, security: 'none' }]
  writeFileSync(plan, JSON.stringify({ ...sandboxPlanInput(), transports }))
  const modules = await loadedModules(CLI, 'run', plan, '--out', join(temporaryFolder(), 'run'))
  expect(modules.some((url) => url.includes('/electron/sandbox/sandbox.ts'))).toBe(true)
  expect(modules.filter((url) => /\/node_modules\/(selfsigned|@peculiar|pkijs)\//.test(url))).toEqual([])
})

it('a thread that sends loads no schemas: they are for the border, and each thread would read them again', async () => {
  const modules = await loadedModules(resolve(import.meta.dirname, '../../electron/engine/engine-worker.ts'))
  expect(modules.some((url) => url.includes('/electron/record/fold.ts'))).toBe(true)
  expect(modules.filter((url) => url.includes('/zod/'))).toEqual([])
})
