import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'
import { contentSecurityPolicy } from './electron/serve/content-security.ts'

// electron-vite runs this file from a temporary copy beside it, so this is the root of the repository.
const at = (path: string): string => resolve(import.meta.dirname, path)

/** Programs on the Node side. Threads and child processes are found by these names beside `main.js` and `cli.js`. */
const MAIN_ENTRIES = {
  main: at('electron/main.ts'),
  cli: at('electron/cli/entry.ts'),
  'compose-worker': at('electron/engine/compose-worker.ts'),
  'engine-worker': at('electron/engine/engine-worker.ts'),
  ticker: at('electron/engine/ticker.ts'),
  'nap-worker': at('electron/engine/nap-worker.ts'),
  'timer-thread': at('electron/sandbox/timer-thread.ts'),
  'sandbox-process': at('electron/sandbox/sandbox-process.ts'),
  'delay-link-process': at('electron/sandbox/delay-link-process.ts'),
  'receiver-process': at('electron/delivery/receiver-process.ts')
}

/**
 * The built page states its own policy, whatever serves it. Headers say it again, narrower.
 * Build only: the development server injects inline styles, which the policy forbids.
 */
const csp: Plugin = {
  name: 'csp',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      injectTo: 'head-prepend',
      attrs: {
        'http-equiv': 'Content-Security-Policy',
        content: contentSecurityPolicy("'self' ws://127.0.0.1:* ws://localhost:*")
      }
    }
  ]
}

export default defineConfig({
  main: {
    build: {
      // Every command that reads a plan waits for zod: in one file, and without its translations, it is read sooner.
      externalizeDeps: { exclude: ['zod'] },
      rolldownOptions: {
        input: MAIN_ENTRIES,
        // A command that only reads a plan must not load what it would be run with, and --help not even the plan:
        // what every command prints with stands beside the bounds. Nor does a thread that sends load schemas.
        output: {
          codeSplitting: {
            groups: [
              {
                name: 'words',
                test: /shared[\\/](plan[\\/](bounds|loopback)|text[\\/]visible)/,
                priority: 3
              },
              {
                name: 'sending',
                test: /shared[\\/](providers|plan[\\/](load-concurrency|mailbox|placeholders|plan-path|rate-pieces|secret-refs))/,
                priority: 2
              },
              { name: 'plan', test: /shared[\\/](plan|text)|zod/, priority: 1 }
            ]
          }
        }
      }
    }
  },
  preload: {
    build: {
      // A sandboxed preload script is CommonJS and can require nothing but electron.
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: at('electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: at('renderer'),
    base: './',
    build: { rolldownOptions: { input: { index: at('renderer/index.html') } } },
    plugins: [csp, svelte({ configFile: at('svelte.config.js') })]
  }
})
