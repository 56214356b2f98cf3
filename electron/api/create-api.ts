import { z } from 'zod'
import {
  CALL_ARGS,
  type Answer,
  type CallChannel,
  type PushChannel,
  type Pushes
} from '../../shared/page/ipc.ts'
import { messageOf } from '../record/run-error.ts'
import { createHandlers } from './handlers.ts'
import { PushHub } from './push-hub.ts'
import { ApiError, type Host, type Services } from './services.ts'

/** The one API of the page, whatever carries it: Electron's IPC or a WebSocket. */
export interface Api {
  /** Answers a call. Arguments are parsed here and errors come back as data; it never rejects. */
  call(channel: string, args: unknown): Promise<Answer<unknown>>
  /** Subscribes to a push; the function that comes back ends the subscription. */
  subscribe<C extends PushChannel>(channel: C, listener: (payload: Pushes[C]) => void): () => void
  /** Tells the page something unasked. Without a listener it is kept for the first one. */
  push<C extends PushChannel>(channel: C, payload: Pushes[C]): void
}

export function createApi(services: Services, host: Host): Api {
  const hub = new PushHub()
  hub.feed('run.snapshot', (publish) => services.runner.onSnapshot(publish))
  hub.feed('run.study', (publish) => services.runner.onStudy(publish))
  hub.feed('run.end', (publish) => services.runner.onEnd(publish))
  const handlers = createHandlers(services, host, (channel, payload) => {
    hub.publish(channel, payload)
  })
  return {
    call: async (channel, args) => {
      try {
        if (!isCallChannel(channel)) throw new ApiError('The page asked for something that does not exist.')
        const parsed = CALL_ARGS[channel].safeParse(args)
        if (!parsed.success) throw new ApiError(`${channel}: ${describe(parsed.error)}`)
        // TypeScript does not see that handler and arguments belong to one and the same channel.
        const handler = handlers[channel] as (...parsedArgs: unknown[]) => unknown
        return { ok: true, value: await handler(...parsed.data) }
      } catch (error) {
        return { ok: false, error: toData(error) }
      }
    },
    subscribe: (channel, listener) => hub.subscribe(channel, listener),
    push: (channel, payload) => {
      hub.publishOrKeep(channel, payload)
    }
  }
}

function isCallChannel(channel: string): channel is CallChannel {
  return Object.hasOwn(CALL_ARGS, channel)
}

/** The first fault of the arguments, without the value that was found: it may be a secret. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'wrong arguments' : `${z.core.toDotPath(issue.path)} ${issue.message}`.trim()
}

function toData(error: unknown): { message: string; hint: string | null } {
  if (error instanceof ApiError) return { message: error.message, hint: error.hint }
  return { message: messageOf(error), hint: null }
}
