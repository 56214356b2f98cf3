import { ConnectionFault, StreamFault } from './faults.ts'
import { FLAG, FRAME } from './frames.ts'

/**
 * Holds a frame against what its type demands of every such frame (RFC 9113, section 6).
 * @throws {ConnectionFault}
 * @throws {StreamFault}
 */
export function checkFrame(type: number, flags: number, id: number, payloadBytes: number): void {
  switch (type) {
    case FRAME.data:
    case FRAME.headers:
    case FRAME.continuation:
      needsStream(id)
      break
    case FRAME.priority:
      needsStream(id)
      if (payloadBytes !== 5) throw new StreamFault('FRAME_SIZE_ERROR', `PRIORITY of ${payloadBytes} bytes`)
      break
    case FRAME.resetStream:
      needsStream(id)
      needsSize(payloadBytes === 4, 'RST_STREAM', payloadBytes)
      break
    case FRAME.settings:
      needsNoStream(id, 'SETTINGS')
      needsSize(
        payloadBytes % 6 === 0 && ((flags & FLAG.ack) === 0 || payloadBytes === 0),
        'SETTINGS',
        payloadBytes
      )
      break
    case FRAME.pushPromise:
      throw protocolError('it pushes although it was told not to')
    case FRAME.ping:
      needsNoStream(id, 'PING')
      needsSize(payloadBytes === 8, 'PING', payloadBytes)
      break
    case FRAME.goAway:
      needsNoStream(id, 'GOAWAY')
      needsSize(payloadBytes >= 8, 'GOAWAY', payloadBytes)
      break
    case FRAME.windowUpdate:
      needsSize(payloadBytes === 4, 'WINDOW_UPDATE', payloadBytes)
  }
}

/**
 * Where the payload begins and ends without padding and, in HEADERS, priority (RFC 9113, sections 6.1 and 6.2).
 * @throws {ConnectionFault} when there is less than its flags say
 */
export function contentOf(
  type: number,
  flags: number,
  bytes: Uint8Array,
  from: number,
  to: number
): [from: number, to: number] {
  const isPadded = (flags & FLAG.padded) !== 0
  const start = from + (isPadded ? 1 : 0) + (type === FRAME.headers && (flags & FLAG.priority) !== 0 ? 5 : 0)
  if (start > to) throw new ConnectionFault('FRAME_SIZE_ERROR', 'a frame is shorter than its flags say')
  const end = isPadded ? to - bytes[from]! : to
  if (end < start) throw protocolError('a frame has more padding than bytes')
  return [start, end]
}

export function protocolError(message: string): ConnectionFault {
  return new ConnectionFault('PROTOCOL_ERROR', message)
}

function needsStream(id: number): void {
  if (id === 0) throw protocolError('a frame of a stream belongs to none')
}

function needsNoStream(id: number, what: string): void {
  if (id !== 0) throw protocolError(`${what} belongs to no stream`)
}

function needsSize(isRight: boolean, what: string, payloadBytes: number): void {
  if (!isRight) throw new ConnectionFault('FRAME_SIZE_ERROR', `${what} of ${payloadBytes} bytes`)
}
