import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServices } from '../../electron/api/create-services.ts'
import { RunFolderHistory } from '../../electron/api/run-history.ts'
import { RECORD_FILE, writeWhole } from '../../electron/record/run-folder.ts'
import { closedKeychain } from '../support/closed-keychain.ts'
import { openSettings } from '../../electron/store/settings-file.ts'
import { exampleRun } from '../support/example-run.ts'
import { until } from '../support/until.ts'

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

test('edits of one run at the same time all count', async () => {
  const history = new RunFolderHistory(root)
  const { id } = await history.import(JSON.stringify(exampleRun(40)))
  await Promise.all([
    history.rename(id, 'renamed'),
    history.mark(id, { note: 'before the move' }),
    history.mark(id, { baseline: true }),
    history.mark(id, { baseline: false }),
    history.mark(id, { baseline: true })
  ])
  expect(await history.list()).toMatchObject([{ name: 'renamed', note: 'before the move', baseline: true }])
})

test('a run that is deleted while it is renamed is gone, and comes back renamed', async () => {
  const history = new RunFolderHistory(root)
  const { id } = await history.import(JSON.stringify(exampleRun(40)))
  await Promise.all([history.rename(id, 'renamed'), history.delete(id)])
  expect(await history.list()).toEqual([])
  await history.restore(id)
  expect(await history.list()).toMatchObject([{ name: 'renamed' }])
})

test('a plan has one baseline, the last that was asked for; other plans keep theirs', async () => {
  const history = new RunFolderHistory(root)
  const first = exampleRun(40)
  const plan = { ...first.plan, name: 'another plan' }
  const ids: string[] = []
  for (const run of [first, first, { ...first, plan }])
    ids.push((await history.import(JSON.stringify(run))).id)
  await Promise.all(ids.map((id) => history.mark(id, { baseline: true })))
  const baselines = (await history.list()).filter(({ baseline }) => baseline)
  expect(baselines.map(({ id }) => id).sort()).toEqual(ids.slice(1).sort())
})

test('a file that is written by several at once is whole, and nothing is left beside it', async () => {
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000))
  await Promise.all(texts.map((text) => writeWhole(join(root, 'file'), text)))
  expect(texts).toContain(await readFile(join(root, 'file'), 'utf8'))
  expect(await readdir(root)).toEqual(['file'])
})

describe('a deleted run', () => {
  const inBin = (): string[] =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(RECORD_FILE))

  test('leaves the disk when the program that deleted it ends, and no sooner for another one', async () => {
    const [one, other] = [new RunFolderHistory(root), new RunFolderHistory(root)]
    const { id } = await one.import(JSON.stringify(exampleRun(40)))
    const { id: second } = await one.import(JSON.stringify({ ...exampleRun(40), id: 'another' }))
    await one.delete(id)
    await other.delete(second)
    await other.emptyBin()
    await one.restore(id)
    await expect(other.restore(second)).rejects.toThrow('cannot be brought back')
    await one.delete(id)
    expect(inBin()).toHaveLength(1)
    await one.emptyBin()
    expect(inBin()).toEqual([])
    await one.import(JSON.stringify(exampleRun(40)))
    await one.delete(id)
    await one.restore(id)
  })

  test('of a program that was killed leaves the disk when the next one starts', async () => {
    const folder = join(root, 'data')
    const left = join(folder, 'runs', '.deleted', 'left')
    mkdirSync(join(left, 'run'), { recursive: true })
    writeFileSync(join(left, 'run', RECORD_FILE), '{}')
    createServices({ folder, settings: openSettings(folder), secrets: closedKeychain })
    await until('what was left is gone', () => !existsSync(left))
  })
})
