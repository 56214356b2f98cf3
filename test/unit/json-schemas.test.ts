import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { JSON_SCHEMAS } from '../support/json-schemas.ts'

test.each(Object.entries(JSON_SCHEMAS))(
  'docs/schemas/%s is what the code says (npm run schemas writes it)',
  (file, schema) => {
    const published: unknown = JSON.parse(
      readFileSync(resolve(import.meta.dirname, '../../docs/schemas', file), 'utf8')
    )
    expect(published).toEqual(JSON.parse(JSON.stringify(schema())))
  }
)
