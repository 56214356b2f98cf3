import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** It waits for two minutes, hardly computing: begun last, it would be waited for alone. */
const LONGEST_WAIT = '/capacity.test.ts'

class LongestWaitFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(LONGEST_WAIT)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}

export default defineConfig({
  plugins: [svelte()],
  test: {
    environment: 'node',
    sequence: { sequencer: LongestWaitFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 120_000,
          // Most of what they take is loading what they test, which the files of one thread share.
          isolate: false,
          maxWorkers: '100%'
        }
      },
      {
        extends: true,
        test: {
          name: 'integration',
          sequence: { groupOrder: 3 },
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // They wait for sockets and processes more than they compute, and share what they load.
          isolate: false,
          maxWorkers: 5
        }
      },
      {
        extends: true,
        test: {
          name: 'mocked',
          sequence: { groupOrder: 1 },
          // These put something in the place of a module: each has its modules for itself.
          include: ['test/mocked/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000
        }
      },
      {
        extends: true,
        test: {
          name: 'contract',
          sequence: { groupOrder: 2 },
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
          sequence: { groupOrder: 4 },
          include: ['test/timed/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // These time real sockets, most of them over a distance: they wait, and hardly disturb each other.
          maxWorkers: 4
        }
      }
    ]
  }
})
