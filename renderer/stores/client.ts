import type { z } from 'zod'
import type { Bridge, CALL_ARGS, CallChannel, CallResults } from '../../shared/page/ipc.ts'

/** A call that was answered with an error: what happened, and what to do about it. */
export class CallError extends Error {
  readonly hint: string | null

  constructor(message: string, hint: string | null) {
    super(message)
    this.name = 'CallError'
    this.hint = hint
  }
}

/** The bridge with its errors thrown, so that callers read the value and handle faults in one place. */
export class Client {
  readonly on: Bridge['on']
  readonly #bridge: Bridge

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.on = (channel, listener) => bridge.on(channel, listener)
  }

  /** @throws CallError when the other side refuses or fails. */
  async call<C extends CallChannel>(
    channel: C,
    ...args: z.input<(typeof CALL_ARGS)[C]>
  ): Promise<CallResults[C]> {
    const answer = await this.#bridge.call(channel, ...args)
    if (!answer.ok) throw new CallError(answer.error.message, answer.error.hint)
    return answer.value
  }
}

/** What to tell the user about something caught. */
export function describeError(error: unknown): string {
  if (error instanceof CallError)
    return error.hint === null ? error.message : `${error.message.replace(/[^.!?…]$/, '$&.')} ${error.hint}`
  return error instanceof Error ? error.message : String(error)
}
