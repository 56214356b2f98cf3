import { appendFileSync, mkdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fold } from '../../electron/record/fold.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { Journal } from '../../electron/record/journal.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { temporaryFolder } from '../support/cli.ts'
import { runRecord, validPlan } from '../support/records.ts'

/** More than any text may hold. */
const BEYOND_A_TEXT = 600 * 1024 * 1024

/** A folder with the journal of a run that was cut off after so many rejections, whose text is `sample`. */
function cutOff(sends: number, sample: string): string {
  const folder = temporaryFolder()
  const plan = validPlan()
  const journal = new Journal(folder, {
    ...{ id: 'run-1', startedAt: '2026-11-23T14:02:00.000Z', environment: runRecord([]).environment, plan },
    transports: plan.transports.map(({ name }) => ({
      ...{ emulatedRttMs: null, peer: name, connectsUs: [], leastConnectUs: 1000, observed: null },
      ...{ settings: {}, notes: [] }
    }))
  })
  const fold = new Fold({
    ...{ transport: 0, round: 1, clockOffsetUs: 0, hiddenHandshakeUs: 0 },
    emit: (delta) => {
      journal.append({ kind: 'delta', delta })
    }
  })
  const result = new SendResult(0)
  for (let seq = 0; seq < sends; seq++) {
    result.begin(seq, seq * 1000, seq * 1000)
    result.doneUs = seq * 1000 + 500
    Object.assign(result, { outcome: 'rejected', code: '550', sample })
    fold.add(result)
    fold.flush()
  }
  journal.flush()
  journal.close()
  return folder
}

test('a journal that is longer than any text is read up to its last whole line', async () => {
  const folder = cutOff(3, '550 no')
  const file = join(folder, JOURNAL_FILE)
  appendFileSync(file, '{"kind":"delta"\n')
  // What follows is a hole: it takes no room on the disk.
  truncateSync(file, BEYOND_A_TEXT)
  const { state, transports } = await readRun(folder)
  expect(state).toBe('crashed')
  expect(transports[0]?.counts.rejected).toBe(3)
})

test('every line of a journal counts, wherever it lies and whatever text is in it', async () => {
  const sample = '550 n\u00e4\u2028\u{1f4ee} nobody'
  const { transports } = await readRun(cutOff(1000, sample))
  expect(transports[0]?.counts.rejected).toBe(1000)
})

test('a journal that cannot be read is told of, with the reason', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, JOURNAL_FILE))
  await expect(readRun(folder)).rejects.toThrow(/journal.*cannot be read \(EISDIR/)
})
