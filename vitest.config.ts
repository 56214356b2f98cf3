import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  test: {
    environment: 'node',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 120_000 } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // They wait for sockets and processes more than they compute.
          maxWorkers: 3
        }
      },
      {
        extends: true,
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // They wait for time limits to run out, and compute hardly anything.
          maxWorkers: 7
        }
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: ['test/timed/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // These time real sockets: one after another, so that they do not disturb each other.
          fileParallelism: false
        }
      }
    ]
  }
})
