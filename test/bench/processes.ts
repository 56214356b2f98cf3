import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const DELAY_SERVER = resolve(import.meta.dirname, '../support/known-delay-server.ts')
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Whether a program is on this machine. */
export function found(program: string): boolean {
  return spawnSync('which', [program]).status === 0
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a server and waits until it takes connections on `port`. */
export async function startServer(program: string, args: string[], port: number): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] })
  children.add(child)
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await answers(port)) return child
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${program} does not listen on ${port}`)
}

/** Starts a server on HTTP/1.1 that answers every request a known time after its last byte. */
export async function startDelayServer(delayMs: number): Promise<{ port: number; stop(): Promise<void> }> {
  const server = spawn(process.execPath, [DELAY_SERVER, String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  children.add(server)
  const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
  return { port: Number(port), stop: () => stopServer(server) }
}

/** Ends a server and waits for it. */
export async function stopServer(child: ChildProcess): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** Runs a program to its end and gives what it printed on both streams. */
export function output(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        if (error !== null) reject(new Error(`${program} failed: ${error.message}\n${stderr}`))
        else resolve(stdout + stderr)
      }
    )
  })
}

/** A new empty folder below the system's temporary one. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'chattermark-bench-'))
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
