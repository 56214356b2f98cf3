import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONTENDERS } from '../support/contract-clients.ts'

test('every client is held to the contract', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
  const texts = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  const held = texts.flatMap((text) => /^contractOf\('(.*)'\)$/m.exec(text)?.[1] ?? [])
  expect(held.sort()).toEqual(CONTENDERS.map(({ name }) => name).sort())
})
