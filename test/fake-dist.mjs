// Makes what stands for Electron's unpacked Linux archive, enough for `electron-builder --dir` with fuses:
// node test/fake-dist.mjs FOLDER
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: fake-dist.mjs FOLDER')
const { version } = JSON.parse(readFileSync('node_modules/electron/package.json', 'utf8'))

// @electron/fuses looks for this mark in the executable; behind it: version, number of fuses, a character for each.
const FUSE_MARK = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const fuses = Buffer.concat([Buffer.from(FUSE_MARK), Buffer.from([1, 9]), Buffer.from('101100110')])

mkdirSync(join(folder, 'locales'), { recursive: true })
mkdirSync(join(folder, 'resources'), { recursive: true })
writeFileSync(join(folder, 'electron'), Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n# '), fuses]), {
  mode: 0o755
})
writeFileSync(join(folder, 'version'), version)
const empty = [
  'chrome-sandbox',
  'chrome_crashpad_handler',
  'LICENSE',
  'icudtl.dat',
  'resources.pak',
  'locales/en-US.pak'
]
for (const file of empty) writeFileSync(join(folder, file), '')
