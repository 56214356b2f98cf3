import { spawnSync } from 'node:child_process'
import { temporaryFolder } from './cli.ts'

export interface SmallDisk extends Disposable {
  readonly folder: string
}

/** A disk of its own with room for `kilobytes`; null where the system does not let one be mounted. */
export function mountSmallDisk(kilobytes: number): SmallDisk | null {
  return mount(`size=${kilobytes}k`)
}

/** A disk that nothing can be written to; null where the system does not let one be mounted. */
export function mountReadOnly(): SmallDisk | null {
  return mount('ro')
}

function mount(options: string): SmallDisk | null {
  const folder = temporaryFolder()
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  if (status !== 0) return null
  return {
    folder,
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', folder])
    }
  }
}
