import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'
import { RunFolderHistory } from '../../electron/api/run-history.ts'
import { lockFolder } from '../../electron/record/folder-lock.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { INDEX_FILE } from '../../electron/store/run-index.ts'
import { temporaryFolder } from '../support/cli.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const good = runRecord([transportRecord('smtp', [[1000, 2000]])])
let data: string
let root: string

beforeEach(() => {
  data = temporaryFolder()
  root = join(data, 'runs')
  mkdirSync(root)
})

function put(id: string, text = JSON.stringify({ ...good, id })): void {
  mkdirSync(join(root, id), { recursive: true })
  writeFileSync(join(root, id, 'run.json'), text)
}

const list = (): ReturnType<RunFolderHistory['list']> => new RunFolderHistory(root).list()

test('a history is read by its index, and what has changed since is read anew', async () => {
  put('one')
  put('two')
  const first = await list()
  // They began at one moment: their ids tell which comes first, whichever was read first.
  expect(first.map(({ id }) => id)).toEqual(['two', 'one'])
  expect(await list()).toEqual(first)
  put('two', JSON.stringify({ ...good, name: 'another name' }))
  put('three')
  rmSync(join(root, 'one'), { recursive: true })
  expect((await list()).map(({ id, name }) => [id, name])).toEqual(
    expect.arrayContaining([
      ['two', 'another name'],
      ['three', good.name]
    ])
  )
  expect(await list()).toHaveLength(2)
})

test('a history does not lose a damaged run without a word', async () => {
  put('good')
  put('cut', '{"schema": 1, "id"')
  put('other', '{"schema": 2}')
  const runs = await list()
  expect(runs.map(({ id, state }) => [id, state])).toEqual([
    ['good', 'finished'],
    ['other', 'damaged'],
    ['cut', 'damaged']
  ])
  expect(runs[2]?.verdict).toMatch(/not JSON/)
  await new RunFolderHistory(root).delete('cut')
  expect(await list()).toHaveLength(2)
})

test.each(['', '{"version":2,"runs":{"good":{"stamp":"x","summary":{}}}}', 'null', '[1]'])(
  'an index that holds %j is no more than one that is missing',
  async (text) => {
    put('good')
    writeFileSync(join(root, INDEX_FILE), text)
    expect((await list()).map(({ id }) => id)).toEqual(['good'])
    expect(readFileSync(join(root, INDEX_FILE), 'utf8')).toContain('"finished"')
  }
)

test('a run that goes on is in no list, and can be neither renamed nor deleted', async () => {
  const folder = join(root, 'live')
  mkdirSync(folder)
  writeFileSync(join(folder, JOURNAL_FILE), '')
  const unlock = await lockFolder(folder)
  expect(await list()).toEqual([])
  const history = new RunFolderHistory(root)
  await expect(history.delete('live')).rejects.toThrow(/still goes on/)
  await expect(history.rename('live', 'x')).rejects.toThrow(/still goes on/)
  await unlock()
  expect((await list()).map(({ state }) => state)).toEqual(['damaged'])
})

test.skipIf(process.platform === 'win32')(
  'few descriptors make no run go missing from a long history',
  async () => {
    for (let index = 0; index < 150; index++) put(`run-${index}`)
    const main = resolve(import.meta.dirname, '../../electron/cli/main.ts')
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', `ulimit -n 60; exec "$0" "$1" runs list --format json`, process.execPath, main],
      { env: { ...process.env, CHATTERMARK_DATA: data }, maxBuffer: 1e8 }
    )
    const { runs } = JSON.parse(stdout) as { runs: { state: string }[] }
    expect(runs.filter(({ state }) => state === 'finished')).toHaveLength(150)
  }
)
