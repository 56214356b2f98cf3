import { expect, test } from 'vitest'
import { moduleUrl } from '../../electron/module-url.ts'

test.each([
  [
    'sources name the source in its folder',
    'file:///app/electron/module-url.ts',
    'file:///app/electron/sandbox/sandbox-process.ts'
  ],
  [
    'a bundled entry names its neighbour',
    'file:///app/out/main/cli.js',
    'file:///app/out/main/sandbox-process.js'
  ],
  [
    'a bundled chunk names the folder above',
    'file:///app/out/main/chunks/engine-x1.js',
    'file:///app/out/main/sandbox-process.js'
  ]
])('%s', (_, from, address) => {
  expect(moduleUrl('sandbox/sandbox-process', from).href).toBe(address)
})
