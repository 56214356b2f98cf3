import { setTimeout as sleep } from 'node:timers/promises'
import { ChildCaller } from '../sandbox/child-calls.ts'
import { forkNode, type ForkProcess } from '../sandbox/fork.ts'
import type { ReceiverCalls, ReceiverSettings, Taken } from './receiver-calls.ts'

/** Where messages end up, and are seen to. */
export interface Receiver {
  /**
   * What has arrived since it was asked last, each copy once.
   * @throws {Error} when it cannot be asked any more
   */
  take(): Promise<Taken>
  close(): Promise<void>
}

/** How long a mailbox or a receiver elsewhere is taken leave of, ms. */
const LEAVE_MS = 2000

/**
 * Starts the receiver that a plan asks for, in a process of its own.
 * @throws {Error} when its port is taken, it cannot be reached or lets nobody in, or the process cannot start
 */
export async function startReceiver(
  settings: ReceiverSettings,
  fork: ForkProcess = forkNode
): Promise<Receiver> {
  const child = new ChildCaller<ReceiverCalls>(fork('receiver-process', []), 'the receiver')
  try {
    await child.call('start', settings)
  } catch (error) {
    await child.end()
    throw error
  }
  return {
    take: () => child.call('take', null),
    async close() {
      const left = child.call('leave', null).catch(() => null)
      await Promise.race([left, sleep(LEAVE_MS, null, { ref: false })])
      await child.end()
    }
  }
}
