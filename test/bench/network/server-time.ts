import type { LinkPacket } from './real-link.ts'

/** A span in which the client waited for the server: from its last packet's arrival there to the end of the answer. */
interface Wait {
  endUs: number
  lengthUs: number
}

/** Nothing that a message is made of is asked in fewer bytes at the end of a connection: QUIT, or the close of TLS. */
const GOODBYE_BYTES = 64

/** What a transport's messages are like on the wire. */
export interface WireMessages {
  serverPort: number
  /** Waits before the last reply of the first message on a connection. */
  waitsOfFirst: number
  /** Waits of every further message on the same connection. */
  waitsOfNext: number
  /** Whether every message has a connection of its own: the other transport at this port keeps them. */
  isOnNew: boolean
}

/**
 * What the server took for each of the last messages, as the packets at its own end of the link tell it: nothing of the
 * client, of the distance or of the link is in it.
 * @returns ms for each message, in the order of their ends
 */
export function serverTimesMs(packets: readonly LinkPacket[], rttMs: number, like: WireMessages): number[] {
  const streams = Map.groupBy(
    packets.filter(({ serverPort }) => serverPort === like.serverPort),
    ({ clientPort }) => clientPort
  )
  const messages = [...streams.values()].flatMap((stream) => messagesOf(waitsOf(stream, rttMs), like))
  return messages.sort((a, b) => a.endUs - b.endUs).map(({ lengthUs }) => lengthUs / 1000)
}

function waitsOf(stream: readonly LinkPacket[], rttMs: number): Wait[] {
  const waits: Wait[] = []
  let saidUs: number | null = null
  let saidBytes = 0
  let wait: { saidUs: number; firstUs: number; lastUs: number } | null = null
  const close = (nextUs: number): void => {
    // What was on its way already when the answer began did not wait for it.
    if (wait !== null && nextUs - wait.firstUs >= rttMs * 1000)
      waits.push({ endUs: wait.lastUs, lengthUs: wait.lastUs - wait.saidUs })
    wait = null
  }
  for (const [at, { atUs, fromServer, payloadBytes }] of stream.entries()) {
    // A SYN, its answer, and the packet that opens the connection: for that one a server may wait before it greets.
    const opens = at === 2
    if (payloadBytes === 0 && !opens) continue
    if (!fromServer) {
      if (payloadBytes > 0) close(atUs)
      saidUs = atUs
      saidBytes = payloadBytes
    } else if (wait !== null) wait.lastUs = atUs
    else if (saidUs !== null) wait = { saidUs, firstUs: atUs, lastUs: atUs }
  }
  if (saidBytes > GOODBYE_BYTES) close(Infinity)
  return waits
}

function messagesOf(waits: readonly Wait[], { waitsOfFirst, waitsOfNext, isOnNew }: WireMessages): Wait[] {
  if (isOnNew !== waits.length <= waitsOfFirst) return []
  const found: Wait[] = []
  for (let from = 0, count = waitsOfFirst; from + count <= waits.length; from += count, count = waitsOfNext) {
    const own = waits.slice(from, from + count)
    found.push({
      endUs: own.at(-1)?.endUs ?? 0,
      lengthUs: own.reduce((sum, { lengthUs }) => sum + lengthUs, 0)
    })
  }
  return found
}
