import { fork as forkNode, type ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isReady } from './app.ts'
import { strict, strictClass } from './problems.ts'

/** Gives the child `process.parentPort`, as Electron does. */
const PRELOAD = fileURLToPath(new URL('./utility-child.ts', import.meta.url))

class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess

  constructor(modulePath: string, args: string[], stdio: ('pipe' | 'ignore' | 'inherit')[]) {
    super()
    this.#child = forkNode(modulePath, args, {
      execArgv: ['--no-warnings', '--import', PRELOAD],
      stdio: [...stdio, 'ipc'],
      serialization: 'advanced'
    })
    this.#child.once('spawn', () => this.emit('spawn'))
    this.#child.on('message', (message) => this.emit('message', message))
    this.#child.once('exit', (code) => this.emit('exit', code ?? 1))
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => undefined)
  }

  kill(): boolean {
    return this.#child.kill()
  }
}
strictClass(UtilityProcess, 'utilityProcess')

export const utilityProcess = strict('utilityProcess', {
  fork: (
    modulePath: string,
    args: string[] = [],
    { stdio = ['ignore', 'inherit', 'inherit'] }: { stdio?: ('pipe' | 'ignore' | 'inherit')[] } = {}
  ) => {
    if (!isReady()) throw new Error('utilityProcess.fork can only be called after the app is ready')
    if (stdio[0] !== 'ignore') throw new Error('stdin must be ignored')
    return new UtilityProcess(modulePath, args, stdio)
  }
})
