import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { until } from './until.ts'

/** A packet that says something: the opening of a connection, or payload. */
interface Packet {
  stream: number
  fromServer: boolean
}

/** The loopback traffic of some TCP ports, seen from outside by tshark. */
export interface PacketCapture {
  /**
   * How often the direction changed from client to server's answer, on the newest connection, since the last call: a
   * connection's SYN and SYN-ACK, the ACK that makes a server greet, and every payload count as something said.
   */
  directionChanges(): Promise<number>
  stop(): Promise<void>
}

const UDP_HEADER_BYTES = 8

/** Why packets cannot be captured here; null when they can. */
export function whyNoCapture(): string | null {
  const found = spawnSync('tshark', ['-i', loopback(), '-a', 'duration:1', '-c', '1'], { encoding: 'utf8' })
  if (found.error !== undefined) return 'tshark is not installed'
  return found.status === 0 ? null : `tshark may not capture: ${found.stderr.trim()}`
}

/** Starts to capture what goes to and from `ports` on the loopback interface. */
export async function capturePackets(ports: readonly number[]): Promise<PacketCapture> {
  const marker = createSocket('udp4')
  await new Promise<void>((resolve) => marker.bind(0, '127.0.0.1', resolve))
  const markerPort = marker.address().port
  const filter = [`udp port ${markerPort}`, ...ports.map((port) => `tcp port ${port}`)].join(' or ')
  const fields = [
    'tcp.stream',
    'tcp.srcport',
    'tcp.len',
    'tcp.flags.syn',
    'tcp.flags.ack',
    'tcp.seq',
    'udp.length'
  ]
  const shown = fields.flatMap((field) => ['-e', field])
  const tshark = spawn(
    'tshark',
    ['-i', loopback(), '-l', '-n', '-f', filter, '-T', 'fields', '-E', 'separator=,', ...shown],
    { stdio: ['ignore', 'pipe', 'ignore'] }
  )
  const exited = new Promise((resolve) => tshark.once('close', resolve))
  let packets: Packet[] = []
  /** The highest marker that was captured; a marker's number is its length. */
  let marked = 0
  const acknowledged = new Set<number>()
  createInterface({ input: tshark.stdout }).on('line', (line) => {
    const [stream = '', source, length, syn = '', ack = '', seq, datagram] = line.split(',')
    if (stream === '') {
      marked = Math.max(marked, Number(datagram) - UDP_HEADER_BYTES)
      return
    }
    const packet = { stream: Number(stream), fromServer: ports.includes(Number(source)) }
    // The third packet of the handshake: the client's first that only acknowledges.
    const opens = !packet.fromServer && length === '0' && seq === '1' && !acknowledged.has(packet.stream)
    if (opens && !isSet(syn)) acknowledged.add(packet.stream)
    if (isSet(syn) || (opens && isSet(ack)) || length !== '0') packets.push(packet)
  })
  const mark = (number: number): void => marker.send(Buffer.alloc(number), markerPort, '127.0.0.1')
  let number = 1
  await until('tshark to capture', () => {
    mark(number)
    return marked > 0
  })

  return {
    async directionChanges() {
      // What was said before a marker has been seen when the marker has.
      mark(++number)
      await until('the marker', () => marked >= number)
      const taken = packets
      packets = []
      const newest = Math.max(...taken.map(({ stream }) => stream))
      const said = taken.filter(({ stream }) => stream === newest)
      return said.filter(({ fromServer }, index) => fromServer && said[index - 1]?.fromServer === false)
        .length
    },
    async stop() {
      tshark.kill()
      marker.close()
      await exited
    }
  }
}

/** tshark prints a flag as 1 or as True, by its version. */
function isSet(flag: string): boolean {
  return flag === '1' || flag === 'True'
}

function loopback(): string {
  return process.platform === 'linux' ? 'lo' : 'lo0'
}
