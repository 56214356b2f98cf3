import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Received } from '../peer.ts'

/** Messages that lie in a folder, one file each. */
export function keptFiles(folder: string): { received: () => Received[]; clear: () => void } {
  const paths = (): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => !name.startsWith('.'))
          .map((name) => join(folder, name))
          .filter((path) => statSync(path).isFile())
          .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
      : []
  return {
    received: () => paths().map((path) => ({ bytes: readFileSync(path), recipients: null })),
    clear: () => {
      for (const path of paths()) rmSync(path, { recursive: true })
    }
  }
}
