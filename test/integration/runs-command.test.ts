import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeRun } from '../../electron/record/run-folder.ts'
import { cli, temporaryFolder, type CliResult } from '../support/cli.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const record = runRecord([transportRecord('smtp', [[1000, 2000, 3000]])])
let data: string
const runs = (...args: string[]): Promise<CliResult> => cli(['runs', ...args], { CHATTERMARK_DATA: data })
const json = (result: CliResult): unknown => JSON.parse(result.stdout)

beforeEach(async () => {
  data = temporaryFolder()
  const folder = join(data, 'runs', record.id)
  await mkdir(folder, { recursive: true })
  await writeRun(folder, record)
})

describe('chattermark runs', () => {
  it('lists and shows what is in the history', async () => {
    expect(json(await runs('list', '--format', 'json'))).toMatchObject({ runs: [{ id: record.id }] })
    expect((await runs('list')).stdout).toContain(record.name)
    expect(json(await runs('show', record.id, '--format', 'json'))).toEqual(record)
  })

  it('renames a run', async () => {
    expect((await runs('rename', record.id, 'before the migration')).exitCode).toBe(0)
    expect(json(await runs('show', record.id, '--format', 'json'))).toEqual({
      ...record,
      name: 'before the migration'
    })
  })

  it('exports a run, and what was exported can be imported after the run was deleted', async () => {
    const file = join(data, 'kept.json')
    expect((await runs('export', record.id, file)).exitCode).toBe(0)
    expect((await runs('delete', record.id)).exitCode).toBe(0)
    expect(json(await runs('list', '--format', 'json'))).toEqual({ schema: 1, runs: [] })
    expect((await runs('import', file)).stdout.trim()).toBe(record.id)
    expect(json(await runs('show', record.id, '--format', 'json'))).toEqual(record)
  })

  it('chooses the export format by the ending', async () => {
    const file = join(data, 'table.summary.csv')
    expect((await runs('export', record.id, file)).exitCode).toBe(0)
    expect(await readFile(file, 'utf8')).toMatch(/^run,transport,protocol/)
  })

  it('makes the folder that an export is to stand in, as report does', async () => {
    const file = join(data, 'not', 'there', 'run.html')
    const { exitCode, stderr } = await runs('export', record.id, file)
    expect([exitCode, stderr]).toEqual([0, `wrote ${file}\n`])
    expect(await readFile(file, 'utf8')).toContain('<!doctype html>')
  })

  it('writes percentile text to a .hgrm file, not a zip file of that name', async () => {
    const file = join(data, 'latency.hgrm')
    expect((await runs('export', record.id, file)).exitCode).toBe(0)
    expect(await readFile(file, 'utf8')).toMatch(/^ *Value +Percentile/)
  })

  it('shows a name that somebody else gave without letting it steer the terminal', async () => {
    await runs('rename', record.id, 'calm\u001b[31m\u0007 name')
    for (const { stdout } of [await runs('list'), await runs('show', record.id)]) {
      expect(stdout).toContain('calm\u{fffd}[31m\u{fffd} name')
      expect(stdout).not.toContain('\u001b')
    }
  })

  it.each([
    { title: 'an id that is not there', args: ['show', 'nothing-here'], says: /no run nothing-here/ },
    { title: 'a path instead of an id', args: ['delete', '../runs'], says: /not the id of a run/ },
    { title: 'an ending that tells no format', args: ['export', record.id, 'run.doc'], says: /\.html/ },
    { title: 'an empty name', args: ['rename', record.id, ' '], says: /1 to 200 characters/ },
    { title: 'a file that is not there', args: ['import', '/nonexistent/run.json'], says: /ENOENT/ }
  ])('says what is wrong with $title', async ({ args, says }) => {
    const result = await runs(...args)
    expect(result.exitCode).toBe(2)
    expect(result.stdout).toBe('')
    expect(result.stderr).toMatch(says)
  })

  it('refuses to import what is no run, naming the field', async () => {
    const file = join(data, 'broken.json')
    await writeFile(file, JSON.stringify({ ...record, state: 'great' }))
    const result = await runs('import', file)
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toMatch(/state: found "great"; allowed: "finished"/)
  })

  it('does not take a history that it cannot read for an empty one', async () => {
    data = temporaryFolder()
    await writeFile(join(data, 'runs'), 'no folder')
    const result = await runs('list')
    expect([result.exitCode, result.stdout]).toEqual([3, ''])
    expect(result.stderr).toMatch(/history in .* cannot be read \(ENOTDIR, not a directory\)/)
  })
})
