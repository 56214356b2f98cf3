import type { CallArgs, CallChannel, CallResults, PushChannel, Pushes } from '../../shared/ipc.ts'

/** One function per call of the map, its arguments parsed already. */
export type Handlers = {
  [C in CallChannel]: (...args: CallArgs<C>) => CallResults[C] | Promise<CallResults[C]>
}

/** Tells every listener of a push. */
export type Publish = <C extends PushChannel>(channel: C, payload: Pushes[C]) => void

/** For calls whose only news is that they worked. */
export async function done(work: Promise<void> | void): Promise<null> {
  await work
  return null
}
