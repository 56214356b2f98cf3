import { ConnectionFault } from './faults.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  readUint32,
  writeUint32
} from './frames.ts'

/** Numbers of the settings that matter here (RFC 9113, section 6.5.2). */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6
} as const

/** Bytes of one setting in a frame. */
const SETTING_BYTES = 6
/** Streams that are opened before the peer has said how many it takes (RFC 9113, section 6.5.2: no fewer than 100). */
const UNKNOWN_MAX_STREAMS = 100

/** What the peer allows. */
export class PeerSettings {
  maxConcurrentStreams = UNKNOWN_MAX_STREAMS
  initialWindowBytes = DEFAULT_WINDOW_BYTES
  maxFrameBytes = DEFAULT_MAX_FRAME_BYTES
}

/**
 * Takes in the payload of a frame of settings; settings that are not known are ignored.
 * @throws {ConnectionFault}
 */
export function applySettings(settings: PeerSettings, bytes: Uint8Array, from: number, to: number): void {
  if ((to - from) % SETTING_BYTES !== 0)
    throw new ConnectionFault('FRAME_SIZE_ERROR', 'its settings are cut off')
  for (let at = from; at < to; at += SETTING_BYTES) {
    const setting = (bytes[at]! << 8) | bytes[at + 1]!
    const value = readUint32(bytes, at + 2)
    switch (setting) {
      case SETTING.enablePush:
        if (value !== 0) throw new ConnectionFault('PROTOCOL_ERROR', 'a server cannot be pushed to')
        break
      case SETTING.maxConcurrentStreams:
        settings.maxConcurrentStreams = value
        break
      case SETTING.initialWindowSize:
        if (value > MAX_WINDOW_BYTES) {
          throw new ConnectionFault(
            'FLOW_CONTROL_ERROR',
            `an initial window of ${value} bytes does not exist`
          )
        }
        settings.initialWindowBytes = value
        break
      case SETTING.maxFrameSize:
        if (value < DEFAULT_MAX_FRAME_BYTES || value >= 2 ** 24) {
          throw new ConnectionFault('PROTOCOL_ERROR', `frames of ${value} bytes do not exist`)
        }
        settings.maxFrameBytes = value
    }
  }
}

/** The payload of a frame of settings. */
export function settingsPayload(settings: readonly (readonly [setting: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(settings.length * SETTING_BYTES)
  settings.forEach(([setting, value], index) => {
    bytes.writeUInt16BE(setting, index * SETTING_BYTES)
    writeUint32(bytes, index * SETTING_BYTES + 2, value)
  })
  return bytes
}
