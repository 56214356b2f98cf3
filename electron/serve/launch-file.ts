import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { escapeMarkup } from '../../shared/text/escape.ts'

/**
 * Writes a page that leads to an address, where its owner alone can read it. A browser is started with this file: every
 * user of the machine can read the arguments of a process, and whoever is first at an address in them has its token.
 */
export function writeLaunchFile(url: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'chattermark-open-')), 'open.html')
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${escapeMarkup(url)}"><title>Chattermark</title>`
  writeFileSync(file, page, { mode: 0o600 })
  return file
}
