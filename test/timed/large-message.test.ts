import { performance } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { composeAside } from '../../electron/engine/compose-aside.ts'
import { prepare } from '../../electron/engine/prepare.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { composeContent } from '../../electron/transports/content.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

const plan = sandboxPlan({
  message: {
    from: 'bench@example.com',
    to: ['sink@example.com'],
    attachments: [{ filename: 'large.bin', sizeBytes: 30_000_000 }]
  }
})

/** How long this thread is busy with something, ms, and what came of it. */
async function busy<T>(work: () => Promise<T>): Promise<[number, T]> {
  const before = performance.eventLoopUtilization()
  const result = await work()
  return [performance.eventLoopUtilization(before).active, result]
}

/** The least of several: a thread whose processor is taken counts as busy. */
async function leastBusy(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let attempt = 0; attempt < 3; attempt++) times.push((await busy(work))[0])
  return Math.min(...times)
}

async function prepareOnce(what: typeof plan): Promise<void> {
  const prepared = await prepare(what, { keychain: noKeychain })
  await prepared.close()
}

test('a large attachment does not freeze the app: another thread composes it, and the tries before a run need none', async () => {
  const [composingMs, here] = await busy(() => composeContent(plan.message, 'aa'))
  const aside = await composeAside(plan.message, 'aa')
  const asideMs = await leastBusy(() => composeAside(plan.message, 'aa'))
  // The first preparation of a process loads its modules: it is nobody's measure.
  await prepareOnce(sandboxPlan())
  const [smallMs] = await busy(() => prepareOnce(sandboxPlan()))
  const preparingMs = await leastBusy(() => prepareOnce(plan))
  expect(asideMs).toBeLessThan(composingMs / 2)
  expect(preparingMs).toBeLessThan(smallMs + composingMs / 2)
  expect(aside.mime.bytes.length).toBe(here.mime.bytes.length)
  expect(aside.mime.seqOffsets).toEqual(here.mime.seqOffsets)
  expect(aside.attachments[0]?.content.equals(here.attachments[0]!.content)).toBe(true)
})
