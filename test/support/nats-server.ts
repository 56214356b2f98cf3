import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './cli.ts'
import { freePort } from './free-port.ts'

/** A real `nats-server` with JetStream, on a port and in a folder of its own. */
export class NatsServer {
  readonly port: number
  readonly folder = temporaryFolder()
  readonly #extra: readonly string[]
  #child: ChildProcess | null = null

  private constructor(port: number, extra: readonly string[]) {
    this.port = port
    this.#extra = extra
  }

  /** @param extra further arguments, like `--auth TOKEN` */
  static async start(extra: readonly string[] = []): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), extra)
    await server.up()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Starts it, again after {@link kill} on what it had kept. */
  async up(): Promise<void> {
    const child = spawn(
      'nats-server',
      [
        '-a',
        '127.0.0.1',
        '-p',
        String(this.port),
        '--jetstream',
        '-sd',
        join(this.folder, 'data'),
        ...this.#extra
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] }
    )
    this.#child = child
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    child.once('error', () => {
      reject(new Error('nats-server is not installed; .ci/run installs it'))
    })
    child.once('exit', (code) => {
      reject(new Error(`nats-server ended with ${code}`))
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('Server is ready')) resolve()
    })
    await promise
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name)
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
