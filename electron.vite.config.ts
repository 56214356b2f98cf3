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
  cli: at('electron/cli/main.ts'),
  'engine-worker': at('electron/engine/engine-worker.ts'),
  metronome: at('electron/engine/metronome.ts'),
  'sandbox-process': at('electron/sandbox/sandbox-process.ts'),
  'delay-link-process': at('electron/sandbox/delay-link-process.ts')
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
      rolldownOptions: { input: MAIN_ENTRIES }
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
