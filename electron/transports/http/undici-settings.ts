import type { HttpTransport } from '../../../shared/plan/plan.ts'
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from './answer-parser.ts'

/** Long enough that no kept connection is dropped by the client itself during a run, ms. */
const KEEP_ALIVE_MS = 600_000

/** What undici is told, beside how to connect: nothing that moves the numbers is left to its defaults. */
export function undiciOptions(transport: HttpTransport) {
  const http2 = transport.http.version === '2'
  return {
    pipelining: 1,
    allowH2: http2,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // None: the lane limits each wait, and undici's timers would cut what has arrived and is not read yet.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEAD_BYTES,
    maxResponseSize: MAX_BODY_BYTES,
    ...(http2 ? { h2Options: { maxConcurrentStreams: transport.http.streams } } : {})
  }
}

/** The same knobs for the run record. */
export function undiciSettings(transport: HttpTransport): Record<string, string | number | boolean | null> {
  const { h2Options, ...options } = undiciOptions(transport)
  return {
    ...options,
    maxConcurrentStreams: h2Options?.maxConcurrentStreams ?? null,
    connectionsPerClient: 1,
    lanesPerClient: transport.http.version === '2' ? transport.http.streams : 1
  }
}
