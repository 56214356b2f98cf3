import { RunError } from './run-error.ts'

/** Its user ended it before anything was sent. */
export class StoppedEarly extends RunError {
  constructor() {
    super('stopped before anything was sent')
    this.name = 'StoppedEarly'
  }
}

/**
 * What `work` comes to, for as long as nobody stops it. What it still holds then is its owner's to let go.
 * @throws {StoppedEarly} at once when the signal says so
 */
export function untilStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      reject(new StoppedEarly())
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop)
    })
  })
}
