import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf, type BlockShare } from '../../electron/engine/block-plan.ts'
import type { BlockListener, Crew } from '../../electron/engine/crew.ts'
import { openLocalCrew } from '../../electron/engine/local-crew.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

const plan = sandboxPlan({ load: { model: 'closed', concurrency: 4, durationSeconds: 60 }, rounds: 1 })
const WORKERS = 2
let crew: Crew

beforeAll(async () => {
  crew = await openLocalCrew({
    ...{ plan, workers: WORKERS, collectSends: false, maxMessages: Infinity, keychain: noKeychain }
  })
})

afterAll(async () => {
  await crew.close()
})

const deaf: BlockListener = {
  onDelta: () => undefined,
  onStage: () => undefined,
  onSoFar: () => undefined,
  onSends: () => undefined,
  onUsedUp: () => undefined,
  onRefused: () => undefined
}

function aMinute(): BlockShare {
  const [share] = blocksOf(plan, WORKERS)
  if (share === undefined) throw new Error('the plan has no block')
  return share
}

describe('a crew of this machine', () => {
  test('ends a block that is still being set up, and not the next one', async () => {
    const ended = crew.runBlock(aMinute(), deaf)
    crew.endBlock()
    await ended
    expect(crew.started()).toBe(0)
    const next = crew.runBlock(aMinute(), deaf)
    await until('sends', () => crew.started() > 0)
    crew.endBlock()
    await next
  })

  test('has told up to when its busy workers have: one that is idle holds nothing back', async () => {
    const share = aMinute()
    const running = crew.runBlock(
      { ...share, lanes: share.lanes.map((lanes, at) => (at === 0 ? lanes : 0)) },
      deaf
    )
    expect(crew.elapsedUs()).toBe(0)
    await until('what it tells', () => crew.elapsedUs() > 0)
    crew.endBlock()
    await running
    expect(crew.elapsedUs()).toBe(0)
  })

  test('has told no more than was read, however long the thread that reads stood still', async () => {
    const running = crew.runBlock(aMinute(), deaf)
    await until('what it tells', () => crew.elapsedUs() > 0)
    const toldUs = crew.elapsedUs()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
    expect(crew.elapsedUs()).toBe(toldUs)
    await until('what it told meanwhile', () => crew.elapsedUs() > toldUs + 1e6)
    crew.endBlock()
    await running
  })
})
