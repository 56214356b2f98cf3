import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { productVersion } from '../../electron/product-version.ts'
import { finished, temporaryFolder, type CliResult } from '../support/cli.ts'
import { loadedModules } from '../support/loaded-modules.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'

const execute = promisify(execFile)
const folder = temporaryFolder()
const prefix = join(folder, 'prefix')
const program = join(prefix, 'bin/chattermark')
/** This Node first, as a user has it whose `node` is new enough. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  CHATTERMARK_DATA: join(folder, 'data')
}
const SYSTEM_NODE = '/usr/bin/node'
let packed: string[]

function installed(args: string[], node = process.execPath): Promise<CliResult> {
  return finished(spawn(node, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

// What a user does: a clone, `npm pack`, and the archive into an empty prefix. The clone borrows this one's packages.
beforeAll(async () => {
  const clone = join(folder, 'clone')
  const { stdout } = await execute('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  for (const file of stdout.split('\0')) {
    if (file !== '' && existsSync(file)) cpSync(file, join(clone, file))
  }
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'))
  writeFileSync(join(clone, 'chattermark-0.0.9.tgz'), 'an archive of before')
  await execute('npm', ['pack', '--pack-destination', folder], { cwd: clone, env })
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  const list = await execute('tar', ['-tf', join(folder, archive)])
  packed = list.stdout.trim().split('\n')
  const install = ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund']
  await execute('npm', [...install, join(folder, archive)], { env })
}, 600_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the packed archive', () => {
  it('holds what runs, and no source, test or older archive', () => {
    const tops = new Set(packed.map((file) => file.split('/').slice(1, 3).join('/')))
    expect([...tops].sort()).toEqual(
      ['LICENSE', 'README.md', 'docs/schemas', 'out/main', 'out/renderer', 'package.json'].sort()
    )
    expect(packed.filter((file) => /\.(ts|svelte|map|tgz)$/.test(file))).toEqual([])
  })

  it('installs without Electron, in no more packages and bytes than the README says', async () => {
    const said = /(\d+) packages, (\d+) MB/.exec(readFileSync('README.md', 'utf8'))
    const { stdout: list } = await execute('npm', ['ls', '-g', '--prefix', prefix, '--all', '--parseable'], {
      env
    })
    expect(list).not.toMatch(/node_modules\/(electron|svelte|vite)$/m)
    // The first line is the prefix itself.
    expect(list.trim().split('\n').length - 1).toBe(Number(said?.[1]))
    const { stdout: size } = await execute('du', ['-sm', prefix])
    expect(Math.abs(Number.parseInt(size) - Number(said?.[2]))).toBeLessThan(5)
  })

  it.each([
    ['--help', program, ['--help']],
    ['a thread that sends', join(prefix, 'lib/node_modules/chattermark/out/main/engine-worker.js'), []]
  ])('starts %s without reading the schemas', async (_, entry, args) => {
    const loaded = await loadedModules(entry, ...args)
    expect(loaded.length).toBeGreaterThan(3)
    expect(loaded.filter((url) => readFileSync(fileURLToPath(url), 'utf8').includes('ZodError'))).toEqual([])
  })

  it('says its version', async () => {
    expect(await installed(['--version'])).toMatchObject({ exitCode: 0, stdout: `${productVersion()}\n` })
  })

  it('runs demo, a plan, a probe and the app in a browser: threads and processes are found', async () => {
    const plan = join(folder, 'plan.json')
    writeFileSync(plan, JSON.stringify(sandboxPlanInput({ emulate: { rttMs: 2 } })))
    const [demo, run, probe, page] = await Promise.all([
      installed(['demo', '--rtt', '0', '--out', join(folder, 'demo')]),
      installed(['run', plan, '--out', join(folder, 'run')]),
      installed(['probe', '127.0.0.1', '--ports', '9']),
      servedPage()
    ])
    expect(demo).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('smtp-587-cold') as unknown })
    expect(run).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(folder, 'run/summary.csv'))).toBe(true)
    expect(probe.stdout).toContain('refused')
    expect(page).toContain('<div id="app">')
  })

  it.runIf(isOlderNode(SYSTEM_NODE))(
    'says in one line which Node it needs where an older one runs it',
    async () => {
      for (const args of [['--version'], ['demo'], ['probe', 'localhost'], ['run', 'plan.json'], ['serve']]) {
        const { exitCode, stdout, stderr } = await installed(args, SYSTEM_NODE)
        expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
        expect(stderr).toMatch(/^chattermark: Node [\d.]+ is too old; Node 24 or newer is needed[^\n]*\n$/)
      }
    }
  )
})

function isOlderNode(path: string): boolean {
  if (!existsSync(path)) return false
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)/.exec(version)?.[1]) < 24
}

/** The first page of `chattermark serve`. */
async function servedPage(): Promise<string> {
  const serve = spawn(process.execPath, [program, 'serve', '--format', 'json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  try {
    let said = ''
    for await (const chunk of serve.stdout.setEncoding('utf8')) {
      said += String(chunk)
      const url = /"(http:[^"]+)"/.exec(said)?.[1]
      if (url !== undefined) return await (await fetch(url)).text()
    }
    return said
  } finally {
    serve.kill('SIGTERM')
    if (serve.exitCode === null && serve.signalCode === null) await once(serve, 'exit')
  }
}
