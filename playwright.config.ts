import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from '@playwright/test'
import type { TestOptions } from './test/e2e/fixtures.ts'

// Without Electron's binary the stand-in takes its place: require('electron') then names its executable.
if (!existsSync(resolve('node_modules/electron/path.txt'))) {
  process.env.ELECTRON_OVERRIDE_DIST_PATH ??= resolve('test/double/bin')
}

/** Every spec runs twice, in a browser through `serve` and in the desktop, unless its name says which it is for. */
export default defineConfig<TestOptions>({
  testDir: 'test/e2e',
  globalSetup: './test/e2e/build-if-stale.ts',
  timeout: 240_000,
  expect: { timeout: 45_000 },
  // They wait for pages and servers about as long as they compute.
  workers: 3,
  forbidOnly: true,
  reporter: process.env.CI ? 'line' : 'list',
  use: { screenshot: 'only-on-failure' },
  projects: [
    { name: 'serve', testIgnore: '**/desktop-*.spec.ts', use: { mode: 'serve' } },
    { name: 'desktop', testIgnore: '**/serve-*.spec.ts', use: { mode: 'desktop' } }
  ]
})
