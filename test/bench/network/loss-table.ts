import { once } from 'node:events'
import { networkPlan, TRANSPORTS, sizeText } from './plans.ts'
import { CLIENT_ADDRESS, openRealLink, type RealLink } from './real-link.ts'
import { output } from '../processes.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tailSentence } from '../../../shared/insight/tail-sentence.ts'
import type { Table, TableRow } from './tables.ts'

const RTT_MS = 60
const LOSS_PERCENT = 1
const MESSAGES = 400
const SIZE = 60_000

/** Segments sent again, as the record has them and as they were on the wire. */
export async function lossTable(): Promise<Table> {
  const rows: TableRow[] = []
  const link = await openRealLink({ rttMs: RTT_MS, lossPercent: LOSS_PERCENT, congestionControl: 'cubic' })
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-loss-'))
  try {
    const far = await link.serve(0)
    const plan = networkPlan(far, { sizeBytes: SIZE, messages: MESSAGES, concurrency: 20 })
    for (const [index, transport] of plan.transports.entries()) {
      console.error(`loss: ${transport.name}`)
      const file = join(folder, `${index}.pcap`)
      const stop = await capture(link, file)
      const { record } = await link.run({ ...plan, warmupSeconds: 0, transports: [transport] })
      await stop()
      const seen = await resentIn(file)
      const [measured] = record.transports
      const told = measured?.tcp?.retransmits ?? NaN
      rows.push({
        cells: [
          ...[`${RTT_MS} ms, ${LOSS_PERCENT} %`, sizeText(SIZE), TRANSPORTS[index] ?? ''],
          ...[String(told), String(seen), String(measured?.tcp?.sendsWithRetransmit ?? '–')],
          tailSentence(TRANSPORTS[index] ?? '', measured?.tail ?? null)
        ],
        met: told === seen
      })
    }
  } finally {
    await link.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    title: 'Segments sent again',
    demand: 'As many in the record as tshark saw the client send twice before its last reply.',
    head: ['link', 'content', 'transport', 'in the record', 'on the wire', 'sends with one', 'the tail'],
    rows
  }
}

async function capture(link: RealLink, file: string): Promise<() => Promise<void>> {
  const tshark = link.spawn('client', 'tshark', ['-i', 'wan0', '-n', '-q', '-s', '120', '-w', file])
  await new Promise((resolve) => setTimeout(resolve, 2000))
  return async () => {
    const ended = once(tshark, 'exit')
    // `ip netns exec` becomes the program itself.
    tshark.kill('SIGINT')
    await ended
  }
}

/**
 * Segments that the client sent more than once: the same first byte of the stream, or a SYN again. What is said behind the
 * last reply (QUIT, the end of TLS) has no send that it could belong to.
 */
async function resentIn(file: string): Promise<number> {
  const fields = ['tcp.stream', 'ip.src', 'tcp.seq', 'tcp.len', 'tcp.flags.syn', 'tcp.flags.fin']
  const text = await output('tshark', [
    ...['-r', file, '-n', '-T', 'fields', '-E', 'separator=,'],
    ...fields.flatMap((field) => ['-e', field])
  ])
  const packets = text.split('\n').flatMap((line) => {
    const [stream = '', source, seq, length, syn = ''] = line.split(',')
    const isSyn = /^(1|True)$/.test(syn)
    const bytes = Number(length)
    if (stream === '' || (bytes === 0 && !isSyn)) return []
    return [
      {
        stream,
        isClients: source === CLIENT_ADDRESS,
        from: Number(seq),
        to: Number(seq) + Math.max(1, bytes)
      }
    ]
  })
  const lastReply = new Map(packets.flatMap(({ stream, isClients }, at) => (isClients ? [] : [[stream, at]])))
  const saidUpTo = new Map<string, number>()
  let resent = 0
  for (const [at, { stream, isClients, from, to }] of packets.entries()) {
    if (!isClients || at > (lastReply.get(stream) ?? Infinity)) continue
    const before = saidUpTo.get(stream) ?? -1
    if (from < before) resent++
    saidUpTo.set(stream, Math.max(before, to))
  }
  return resent
}
