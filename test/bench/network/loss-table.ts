import { once } from 'node:events'
import { networkPlan, TRANSPORTS, sizeText } from './plans.ts'
import { CLIENT_ADDRESS, openRealLink, type RealLink, SERVER_ADDRESS } from './real-link.ts'
import { until } from '../../support/until.ts'
import { output } from '../processes.ts'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sum } from '../../../shared/insight/statistics.ts'
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
  const tshark = link.spawn('client', 'tshark', [
    '-i',
    'wan0',
    '-n',
    '-q',
    '-s',
    '120',
    '-B',
    '64',
    '-w',
    file
  ])
  await mark(link, file, 'begun')
  return async () => {
    await mark(link, file, 'over')
    const ended = once(tshark, 'exit')
    // `ip netns exec` becomes the program itself.
    tshark.kill('SIGINT')
    await ended
  }
}

/** Says a word on the link until it stands in the capture: whatever was said before it stands there, too. */
async function mark(link: RealLink, file: string, word: string): Promise<void> {
  const say = `echo chattermark-${word} > /dev/udp/${SERVER_ADDRESS}/9`
  await until('tshark to capture', async () => {
    await once(link.spawn('client', 'bash', ['-c', say]), 'exit')
    return existsSync(file) && readFileSync(file).includes(`chattermark-${word}`)
  })
}

/**
 * Segments that the client sent more than once: the same first byte of the stream, or a SYN again. What is said behind the
 * last reply (QUIT, the end of TLS) has no send that it could belong to, nor has a connection that carried no content: those
 * before the load.
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
  const resent = new Map<string, number>()
  for (const [at, { stream, isClients, from, to }] of packets.entries()) {
    if (!isClients || at > (lastReply.get(stream) ?? Infinity)) continue
    const before = saidUpTo.get(stream) ?? -1
    if (from < before) resent.set(stream, (resent.get(stream) ?? 0) + 1)
    saidUpTo.set(stream, Math.max(before, to))
  }
  return sum([...resent].map(([stream, count]) => ((saidUpTo.get(stream) ?? 0) > SIZE ? count : 0)))
}
