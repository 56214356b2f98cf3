import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isStale } from '../../electron/start-checks.ts'

const run = promisify(execFile)
const tool = (path: string): string => resolve('node_modules', path)
const node = (...args: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, args, {
    // Nothing may be fetched: what electron-builder would download has to be here already.
    env: {
      ...process.env,
      ELECTRON_MIRROR: 'http://127.0.0.1:9/',
      ELECTRON_BUILDER_BINARIES_MIRROR: 'http://127.0.0.1:9/',
      NO_COLOR: '1'
    },
    maxBuffer: 50_000_000
  })

let folder: string
let files: string[]

// The package is made for real, but around a stand-in for Electron's own files.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chattermark-package-'))
  if (isStale(resolve('.')))
    await node(tool('electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'error')
  await node('test/fake-dist.mjs', join(folder, 'electron'))
  await node(
    tool('electron-builder/cli.js'),
    '--dir',
    '--linux',
    '--publish',
    'never',
    `-c.electronDist=${join(folder, 'electron')}`,
    `-c.directories.output=${join(folder, 'dist')}`
  )
  const asar = join(folder, 'dist/linux-unpacked/resources/app.asar')
  const { stdout } = await node(tool('@electron/asar/bin/asar.js'), 'list', asar)
  files = stdout.trim().split('\n')
  await node(tool('@electron/asar/bin/asar.js'), 'extract', asar, join(folder, 'app'))
}, 600_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const unpacked = (path: string): string =>
  join(folder, 'dist/linux-unpacked/resources/app.asar.unpacked/node_modules', path)

describe('the package', () => {
  it.each([
    'out/main/main.js',
    'out/main/cli.js',
    'out/main/compose-worker.js',
    'out/main/engine-worker.js',
    'out/main/sandbox-process.js',
    'out/main/delay-link-process.js',
    'out/main/receiver-process.js',
    'out/preload/preload.cjs',
    'out/renderer/index.html',
    'package.json'
  ])('holds %s', (file) => {
    expect(files).toContain(`/${file}`)
  })

  it('holds every package that the bundle leaves outside', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    for (const name of Object.keys(dependencies))
      expect(files).toContain(`/node_modules/${name}/package.json`)
  })

  it('holds no source, no test, no map and nothing of the tools that built it', () => {
    const top = new Set(files.map((file) => file.split('/')[1]))
    expect(top).toEqual(new Set(['node_modules', 'out', 'package.json']))
    expect(files.filter((file) => /\.(ts|map|svelte)$/.test(file))).toEqual([])
    expect(
      files.filter((file) => /node_modules\/(electron|svelte|chart\.js|vite|playwright)\b/.test(file))
    ).toEqual([])
  })

  it('holds the licence of every package that has one', () => {
    const packages = files.filter((file) => /^\/node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
    expect(packages.length).toBeGreaterThan(20)
    for (const folder of packages.map((file) => dirname(file).slice(1))) {
      for (const name of readdirSync(folder).filter((entry) => /^(licen[cs]e|copying|notice)/i.test(entry)))
        expect(files).toContain(`/${folder}/${name}`)
    }
  })

  it('has its fuses set for production', async () => {
    const executable = join(folder, 'dist/linux-unpacked/chattermark-desktop')
    const { stdout } = await node(tool('@electron/fuses/dist/bin.js'), 'read', '--app', executable)
    for (const fuse of [
      'RunAsNode',
      'EnableNodeOptionsEnvironmentVariable',
      'EnableNodeCliInspectArguments'
    ]) {
      expect(stdout).toMatch(new RegExp(`${fuse} is Disabled`))
    }
    for (const fuse of [
      'EnableEmbeddedAsarIntegrityValidation',
      'OnlyLoadAppFromAsar',
      'EnableCookieEncryption'
    ]) {
      expect(stdout).toMatch(new RegExp(`${fuse} is Enabled`))
    }
  })

  it('runs from its own files alone', async () => {
    const cli = join(folder, 'app/out/main/cli.js')
    const child = spawn(process.execPath, [cli, 'serve'], {
      env: { ...process.env, CHATTERMARK_DATA: join(folder, 'data') },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const exited = once(child, 'exit')
    const [url] = (await Promise.race([
      once(createInterface(child.stdout), 'line'),
      exited.then(([code]) => Promise.reject(new Error(`ended with ${String(code)}`)))
    ])) as [string]
    const page = await fetch(url)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="app">')])
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })

  it('carries the command line with its first line for the shell', () => {
    expect(readFileSync(join(folder, 'app/out/main/cli.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('has the library that asks the kernel outside the archive, where the system can load it', () => {
    expect(
      existsSync(unpacked(`@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`))
    ).toBe(true)
    expect(existsSync(unpacked('koffi/index.cjs'))).toBe(true)
    expect(existsSync(unpacked('koffi/vendor'))).toBe(false)
  })
})
