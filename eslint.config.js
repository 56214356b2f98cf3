import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

/** A rule that bans imports by pattern; `electron` may still be imported as a type. */
const ban = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })
const electronItself = {
  group: ['electron', 'electron/main', 'electron/renderer', 'electron/common'],
  allowTypeImports: true,
  message: 'Only electron/main.ts and electron/preload.ts import electron at run time.'
}
const folder = (name, message) => ({ regex: `^(\\.\\./)+${name}/`, message })
const electronImportsShared = folder('(renderer|test)', 'electron/ imports only shared/.')

/** The rooms of the Node side, lowest first: none imports one that stands above it. */
const ROOMS = [
  ['transports', 'sandbox'],
  ['record', 'delivery'],
  ['engine', 'probe'],
  ['places'],
  ['store', 'api', 'telemetry'],
  ['cli', 'serve', 'shell']
]
const order = ROOMS.slice(0, -1).map((rooms, level) => {
  const above = ROOMS.slice(level + 1).flat()
  const message = `The order is ${ROOMS.map((names) => names.join(', ')).join(' < ')}.`
  return {
    files: rooms.map((room) => `electron/${room}/**`),
    rules: ban(electronItself, electronImportsShared, folder(`(electron/)?(${above.join('|')})`, message))
  }
})

export default ts.config(
  { ignores: ['out/', 'dist/', 'test/double/*.js', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'svelte.config.js'] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte']
      }
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }]
    }
  },
  {
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts'] })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts'],
      'import-x/ignore': ['node_modules', String.raw`\.svelte$`]
    },
    rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] }
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } }
  },
  {
    files: ['shared/**'],
    rules: ban(
      electronItself,
      folder('(electron|renderer|test)', 'shared/ imports nothing from the other folders.'),
      { group: ['node:*'], message: 'shared/ runs in the page too.' }
    )
  },
  {
    files: ['renderer/**'],
    rules: ban(electronItself, folder('(electron|test)', 'renderer/ imports only shared/.'), {
      group: ['node:*'],
      message: 'renderer/ runs in the page.'
    })
  },
  {
    files: ['electron/**'],
    ignores: ['electron/main.ts', 'electron/preload.ts'],
    rules: ban(electronItself, electronImportsShared)
  },
  ...order,
  { files: ['**/*.js', '**/*.mjs'], ...ts.configs.disableTypeChecked }
)
