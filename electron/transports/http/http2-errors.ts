import { errorName } from './http2/faults.ts'

/**
 * Names an error of Node's http2: a reset, or a GOAWAY that gives a reason, by the name of its code; everything that
 * breaks the protocol `PROTOCOL`.
 */
export function http2ErrorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
  const message = error instanceof Error ? error.message : String(error)
  const [, reset, number] = /NGHTTP2_([A-Z_]+)|error code (\d+)/.exec(message) ?? []
  if (code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') {
    return reset ?? (number === undefined ? 'PROTOCOL' : errorName(Number(number)))
  }
  if (code === 'ERR_HTTP2_GOAWAY_SESSION') return 'GOAWAY'
  return code === 'ERR_HTTP2_ERROR' ? 'PROTOCOL' : code
}
