import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where peers are installed, each in a folder of its own; kept between runs. */
export const CACHE = process.env.CHATTERMARK_PEERS ?? join(tmpdir(), 'chattermark-peers')
const INSTALL_MS = 400_000
const UNPACK =
  'mkdir -p /packages; cd /packages; apt-get download "$@"; for file in *.deb; do dpkg -x "$file" /; done'

/** Folder of a peer, with a name that every configuration file takes. */
function homeOf(name: string): string {
  return join(CACHE, name.replace(/\W+/g, '-'))
}

/** A place that a peer is installed in and runs from. Nothing of the machine itself is changed. */
export interface Box {
  /** Folder of the peer's own files: configuration, keys, logs, what it has received. */
  readonly files: string
  /** The same folder as the peer itself sees it. */
  readonly inside: string
  /** Writes a file of the peer, below {@link files}. */
  write(name: string, text: string, mode?: number): void
  /** Starts a program that runs until {@link close}; what it prints goes to `NAME.log`. */
  start(
    command: string,
    args: readonly string[],
    options?: { cwd?: string; env?: NodeJS.ProcessEnv }
  ): ChildProcess
  /** Runs a program to its end and gives what it printed on both channels. */
  run(command: string, args: readonly string[]): Promise<string>
  /** Text of a file as the peer sees it; empty when there is none. */
  read(path: string): string
  /** The path on this machine of a path that the peer sees. */
  outside(path: string): string
  close(): Promise<void>
}

/** Programs that are on this machine already, or packages of npm in a folder of their own. */
export async function plainBox(name: string, npmPackage?: string): Promise<Box> {
  const home = homeOf(name)
  mkdirSync(home, { recursive: true })
  if (npmPackage !== undefined && !existsSync(join(home, 'node_modules'))) {
    writeFileSync(join(home, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--no-audit', '--no-fund', npmPackage], { cwd: home, timeout: INSTALL_MS })
  }
  return makeBox(name, join(home, 'files'), '', () => Promise.resolve())
}

/**
 * Debian packages in a file system of their own: what the machine has, with a layer above it that takes every change.
 * @param how unpacked: without the packages they depend on, and without their scripts, which want a machine of their own
 * @throws when it cannot be set up: that needs Linux, root, overlayfs and apt
 */
export async function debianBox(
  name: string,
  packages: readonly string[],
  how: 'installed' | 'unpacked' = 'installed'
): Promise<Box> {
  const home = homeOf(name)
  const root = join(home, 'root')
  for (const folder of ['upper', 'work', 'root']) mkdirSync(join(home, folder), { recursive: true })
  const layers = `lowerdir=/,upperdir=${join(home, 'upper')},workdir=${join(home, 'work')}`
  const mounts: string[] = []
  const mount = async (...args: string[]): Promise<void> => {
    await run('mount', args)
    mounts.push(args.at(-1) ?? '')
  }
  const unmount = async (): Promise<void> => {
    for (const place of mounts.splice(0).reverse()) await run('umount', ['-l', place])
  }
  try {
    await mount('-t', 'overlay', 'overlay', '-o', layers, root)
    await mount('-t', 'proc', 'proc', join(root, 'proc'))
    await mount('--bind', '/dev', join(root, 'dev'))
    if (!existsSync(join(home, 'installed'))) {
      // Nothing that is installed here may start by itself.
      writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
      const apt = [root, 'apt-get', 'install', '-y', '--no-install-recommends', ...packages]
      const options = { env, timeout: INSTALL_MS, maxBuffer: 64 * 1024 * 1024 }
      if (how === 'installed') await run('chroot', apt, options)
      else await run('chroot', [root, 'sh', '-ec', UNPACK, 'unpack', ...packages], options)
      writeFileSync(join(home, 'installed'), packages.join(' '))
    }
    return makeBox(name, join(root, 'peer'), root, unmount)
  } catch (error) {
    await unmount()
    throw error
  }
}

function makeBox(name: string, files: string, root: string, unmount: () => Promise<void>): Box {
  const inside = root === '' ? files : '/peer'
  const children: ChildProcess[] = []
  const call = (command: string, args: readonly string[]): [string, string[]] =>
    root === '' ? [command, [...args]] : ['chroot', [root, command, ...args]]
  rmSync(files, { recursive: true, force: true })
  mkdirSync(files, { recursive: true })
  return {
    files,
    inside,
    write(file, text, mode = 0o644) {
      const path = join(files, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      chmodSync(path, mode)
    },
    start(command, args, options = {}) {
      const log = openSync(join(files, `${name.replace(/\W+/g, '-')}.log`), 'a')
      const child = spawn(...call(command, args), { stdio: ['ignore', log, log], detached: true, ...options })
      child.on('error', () => undefined)
      children.push(child)
      return child
    },
    async run(command, args) {
      const { stdout, stderr } = await run(...call(command, args), { timeout: 60_000 })
      return stdout + stderr
    },
    read(path) {
      const file = root + path
      return existsSync(file) ? readFileSync(file, 'latin1') : ''
    },
    outside: (path) => root + path,
    async close() {
      for (const child of children) await endGroup(child)
      await unmount()
    }
  }
}

/** Ends a program with everything that it has started. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const ended =
      child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
    try {
      process.kill(-child.pid, signal)
    } catch {
      return
    }
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
  }
}
