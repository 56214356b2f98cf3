import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { output, stopServer, temporaryFolder } from './processes.ts'

/** What a server's answers took, as the packets on the loopback interface tell it. */
export interface WireTimes {
  /** Ends the capture. @returns ms from the last packet of each request to the first of its answer, in order of the answers */
  times(): Promise<number[]>
}

/** Captures what goes to and from `port`, with the kernel's own time of each packet: a truth that no program here made. */
export async function captureWireTimes(port: number): Promise<WireTimes> {
  const file = join(temporaryFolder(), 'packets.pcap')
  const filter = `tcp port ${port} and greater 67`
  const dumpcap = spawn('dumpcap', ['-q', '-i', 'lo', '-s', '80', '-f', filter, '-w', file], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  await new Promise<void>((resolve, reject) => {
    dumpcap.once('close', () => reject(new Error('dumpcap may not capture here')))
    dumpcap.stderr.on('data', (text: Buffer) => {
      if (text.toString().includes('File:')) resolve()
    })
  })
  return {
    async times() {
      await stopServer(dumpcap)
      const fields = ['frame.time_epoch', 'tcp.stream', 'tcp.srcport', 'tcp.len'].flatMap((name) => [
        '-e',
        name
      ])
      const text = await output('tshark', ['-n', '-r', file, '-T', 'fields', '-E', 'separator=,', ...fields])
      const askedMs = new Map<string, number>()
      const times: number[] = []
      for (const line of text.split('\n')) {
        const [seconds, stream = '', source, length] = line.split(',')
        if (Number(length) > 0 && Number(source) !== port) askedMs.set(stream, Number(seconds) * 1000)
        else if (Number(length) > 0) {
          const asked = askedMs.get(stream)
          if (asked !== undefined) times.push(Number(seconds) * 1000 - asked)
          askedMs.delete(stream)
        }
      }
      return times
    }
  }
}
