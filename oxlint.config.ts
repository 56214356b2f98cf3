import { defineConfig, type OxlintConfig } from 'oxlint'

interface Pattern {
  group?: string[]
  regex?: string
  allowTypeImports?: boolean
  message: string
}

/** A rule that bans imports by pattern. */
const ban = (...patterns: Pattern[]): OxlintConfig['rules'] => ({
  'no-restricted-imports': ['error', { patterns }]
})
const electronItself: Pattern = {
  group: ['electron', 'electron/main', 'electron/renderer', 'electron/common'],
  allowTypeImports: true,
  message: 'Only electron/main.ts and electron/preload.ts import electron at run time.'
}
const folder = (name: string, message: string): Pattern => ({ regex: `^(\\.\\./)+${name}/`, message })
/** What is banned in every room of the Node side. */
const everywhere: Pattern[] = [
  electronItself,
  folder('(renderer|test)', 'electron/ imports only shared/.'),
  {
    regex: '^(\\.\\./)+(main|preload|start[\\w-]*)\\.ts$',
    message: 'What starts the app stands above all rooms.'
  },
  { group: ['node:http'], allowTypeImports: true, message: 'node-http.ts has it without Node’s own fetch.' }
]

const page = folder('shared/page', 'What the page asks for and is told belongs to api and above.')

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
    rules: ban(
      ...everywhere,
      folder(`(electron/)?(${above.join('|')})`, message),
      ...(above.includes('api') ? [page] : [])
    )
  }
})

/** Rules beside those that find plain mistakes. */
const FURTHER = [
  'no-case-declarations',
  'no-empty',
  'no-fallthrough',
  'no-prototype-builtins',
  'no-regex-spaces',
  'no-useless-assignment',
  'no-var',
  'prefer-const',
  'prefer-rest-params',
  'prefer-spread',
  'preserve-caught-error',
  'typescript/ban-ts-comment',
  'typescript/no-array-constructor',
  'typescript/no-empty-object-type',
  'typescript/no-explicit-any',
  'typescript/no-misused-promises',
  'typescript/no-namespace',
  'typescript/no-require-imports',
  'typescript/no-unnecessary-type-assertion',
  'typescript/no-unnecessary-type-constraint',
  'typescript/no-unsafe-argument',
  'typescript/no-unsafe-assignment',
  'typescript/no-unsafe-call',
  'typescript/no-unsafe-enum-comparison',
  'typescript/no-unsafe-function-type',
  'typescript/no-unsafe-member-access',
  'typescript/no-unsafe-return',
  'typescript/only-throw-error',
  'typescript/prefer-promise-reject-errors',
  'typescript/require-await',
  'typescript/restrict-plus-operands'
]

/** TypeScript and JavaScript; what stands in Svelte's files is ESLint's, whose plugin knows their language. */
export default defineConfig({
  plugins: ['typescript', 'import', 'oxc'],
  categories: { correctness: 'error' },
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['out', 'dist', 'test/double/*.js', 'test-results', 'playwright-report', '**/*.svelte'],
  rules: {
    ...Object.fromEntries(FURTHER.map((rule) => [rule, 'error' as const])),
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^$' }],
    'import/no-cycle': ['error', { ignoreExternal: true }],
    // Letters, and the fields of a plain object that has a class for its defaults, are what is spread here.
    'typescript/no-misused-spread': 'off',
    'typescript/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
  },
  overrides: [
    {
      files: ['**/*.js', '**/*.mjs'],
      rules: { 'typescript/no-unsafe-argument': 'off', 'typescript/no-unsafe-assignment': 'off' }
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
      rules: ban(...everywhere)
    },
    { files: ['electron/main.ts', 'electron/preload.ts'], rules: { 'no-restricted-imports': 'off' } },
    ...order
  ]
})
