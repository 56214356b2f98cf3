import { rmSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Removes a file with the temporary folder that was made for it alone; does nothing when it is gone already. Apart from
 * the making of a certificate, whose packages no other process has to load.
 */
export function removeFolderOf(file: string): void {
  rmSync(dirname(file), { recursive: true, force: true })
}
