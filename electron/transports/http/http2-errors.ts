const RESET_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED'
] as const

/** Name of an error code of RFC 9113, section 7. */
export function resetName(code: number): string {
  return RESET_NAMES[code] ?? `H2_${code}`
}

/**
 * Names an error of Node's http2: a reset, or a GOAWAY that gives a reason, by the name of its code; everything that
 * breaks the protocol `PROTOCOL`.
 */
export function http2ErrorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
  const [, reset, number] = /NGHTTP2_([A-Z_]+)|error code (\d+)/.exec(messageOf(error)) ?? []
  if (code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') {
    return reset ?? (number === undefined ? 'PROTOCOL' : resetName(Number(number)))
  }
  if (code === 'ERR_HTTP2_GOAWAY_SESSION') return 'GOAWAY'
  return code === 'ERR_HTTP2_ERROR' ? 'PROTOCOL' : code
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
