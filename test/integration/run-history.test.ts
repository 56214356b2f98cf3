import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunFolderHistory } from '../../electron/store/run-history.ts'
import { exampleRun } from '../support/example-run.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chattermark-history-'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

test('a run that was deleted, imported again and deleted again can be brought back', async () => {
  const history = new RunFolderHistory(root)
  const text = JSON.stringify(exampleRun(40))
  const { id } = await history.import(text)
  await history.delete(id)
  await history.import(text)
  await history.delete(id)
  expect(await history.list()).toEqual([])
  await history.restore(id)
  expect((await history.list()).map((run) => run.id)).toEqual([id])
})
