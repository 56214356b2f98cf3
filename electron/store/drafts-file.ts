import { join } from 'node:path'
import { z } from 'zod'
import type { Services } from '../api/services.ts'
import { readJsonFile, writeJsonFile } from './small-file.ts'

const fileSchema = z
  .object({ plans: z.array(z.json()), current: z.int().min(0) })
  .catch({ plans: [], current: 0 })

/** Opens `drafts.json` in the data folder: the plans that are open in Set up, right or wrong. */
export function openDrafts(folder: string): Services['drafts'] {
  const file = join(folder, 'drafts.json')
  return {
    get: () => fileSchema.parse(readJsonFile(file)),
    set: (drafts) => {
      writeJsonFile(file, drafts)
    }
  }
}
