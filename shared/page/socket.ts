import { z } from 'zod'
import { PUSH_CHANNELS } from './channels.ts'
import type { Answer, PushChannel } from './ipc.ts'

/** Path of the WebSocket that carries the bridge when the page runs in a browser. */
export const SOCKET_PATH = '/socket'

/** Longest frame that the page may send, bytes; above the longest argument of any call. */
export const MAX_SOCKET_FRAME_BYTES = 101_000_000

/** What the page says over the WebSocket, one JSON text per frame. */
export const socketRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('call'),
    id: z.int().min(0),
    channel: z.string(),
    args: z.array(z.unknown())
  }),
  z.strictObject({ kind: z.literal('subscribe'), channel: z.enum(PUSH_CHANNELS) }),
  z.strictObject({ kind: z.literal('unsubscribe'), channel: z.enum(PUSH_CHANNELS) })
])
export type SocketRequest = z.output<typeof socketRequestSchema>

/** What the page hears over the WebSocket. */
export type SocketReply =
  | { kind: 'answer'; id: number; answer: Answer<unknown> }
  | { kind: 'push'; channel: PushChannel; payload: unknown }
