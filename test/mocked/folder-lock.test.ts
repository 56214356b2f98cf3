import { link } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { LOCK_FILE, lockFolder } from '../../electron/record/folder-lock.ts'
import { temporaryFolder } from '../support/cli.ts'

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: vi.fn()
}))

test.each([
  ['FAT on Linux', 'EPERM'],
  ['exFAT on Windows', 'EISDIR']
])(
  'a folder on a file system without second names for a file is locked all the same: %s',
  async (_, code) => {
    vi.mocked(link).mockRejectedValue(Object.assign(new Error(code), { code }))
    const folder = temporaryFolder()
    const unlock = await lockFolder(folder)
    expect(readdirSync(folder)).toEqual([LOCK_FILE])
    await expect(lockFolder(folder)).rejects.toThrow('another run is writing to')
    await unlock()
    expect(readdirSync(folder)).toEqual([])
  }
)
