import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { JSON_SCHEMAS } from './json-schemas.ts'

const folder = resolve(import.meta.dirname, '../../docs/schemas')
mkdirSync(folder, { recursive: true })
for (const [file, schema] of Object.entries(JSON_SCHEMAS)) {
  writeFileSync(join(folder, file), `${JSON.stringify(schema(), null, 2)}\n`)
}
