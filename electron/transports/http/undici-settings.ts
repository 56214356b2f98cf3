import type { HttpTransport } from '../../../shared/plan.ts'
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from './answer-parser.ts'

/** Long enough that no kept connection is dropped by the client itself during a run, ms. */
const KEEP_ALIVE_MS = 600_000

/** What undici is told, beside how to connect: nothing that moves the numbers is left to its defaults. */
export function undiciOptions(transport: HttpTransport, timeoutMs: number) {
  const http2 = transport.http.version === '2'
  return {
    pipelining: 1,
    allowH2: http2,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The lane's own clock limits a send; these stand behind it so that undici gives nothing up before.
    headersTimeout: timeoutMs * 2,
    bodyTimeout: timeoutMs * 2,
    maxHeaderSize: MAX_HEAD_BYTES,
    maxResponseSize: MAX_BODY_BYTES,
    ...(http2 ? { h2Options: { maxConcurrentStreams: transport.http.streams } } : {})
  }
}

/** The same knobs for the run record. */
export function undiciSettings(
  transport: HttpTransport,
  timeoutMs: number
): Record<string, string | number | boolean | null> {
  const { h2Options, ...options } = undiciOptions(transport, timeoutMs)
  return {
    ...options,
    maxConcurrentStreams: h2Options?.maxConcurrentStreams ?? null,
    connectionsPerClient: 1,
    lanesPerClient: transport.http.version === '2' ? transport.http.streams : 1
  }
}
