import { join } from 'node:path'
import { z } from 'zod'
import { settingsSchema } from '../../shared/page/ipc.ts'
import type { SettingsKeeper } from '../api/services.ts'
import { readJsonFile, writeJsonFile } from './small-file.ts'

const windowStateSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1),
  height: z.int().min(1),
  maximised: z.boolean()
})

/** Place and size of the desktop window, when it was last not maximised. */
export type WindowState = z.output<typeof windowStateSchema>

/** What does not fit is replaced on its own, so that one bad value does not cost the others. */
const fileSchema = z
  .object({
    theme: settingsSchema.shape.theme.catch('system'),
    server: settingsSchema.shape.server.catch(null),
    window: windowStateSchema.nullable().catch(null)
  })
  .catch({ theme: 'system', window: null })

export interface SettingsStore extends SettingsKeeper {
  windowState(): WindowState | null
  /** Written at once, because it is the last thing that a closing window does. */
  keepWindowState(state: WindowState): void
}

/** Opens `settings.json` in the data folder. */
export function openSettings(folder: string): SettingsStore {
  const file = join(folder, 'settings.json')
  let content = fileSchema.parse(readJsonFile(file))
  const change = (part: Partial<typeof content>): void => {
    content = { ...content, ...part }
    writeJsonFile(file, content)
  }
  return {
    get: () => ({ theme: content.theme, ...(content.server ? { server: content.server } : {}) }),
    set: (settings) => Promise.resolve(settings).then(change),
    windowState: () => content.window,
    keepWindowState: (window) => {
      change({ window })
    }
  }
}
