/** Error codes of RFC 9113, section 7; the number of each is its place. */
const ERROR_NAMES = [
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

export type ErrorName = (typeof ERROR_NAMES)[number]

/** Name of an error code as a peer sends it; unknown ones are as good as any (RFC 9113, section 7). */
export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? `H2_${code}`
}

/** Number of an error code, as a frame carries it. */
export function errorCode(name: ErrorName): number {
  return ERROR_NAMES.indexOf(name)
}

abstract class Fault extends Error {
  readonly errorName: ErrorName

  constructor(errorName: ErrorName, message: string) {
    super(message)
    this.errorName = errorName
  }
}

/** The peer has broken the protocol so that nothing more of the connection can be trusted (RFC 9113, section 5.4.1). */
export class ConnectionFault extends Fault {
  override name = 'ConnectionFault'
}

/** The peer has broken the protocol on one stream; the others go on (RFC 9113, section 5.4.2). */
export class StreamFault extends Fault {
  override name = 'StreamFault'
}
