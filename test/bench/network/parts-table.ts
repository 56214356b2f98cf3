import { mean } from '../../../shared/insight/statistics.ts'
import { latencyModel, p50At } from '../../../shared/insight/what-if.ts'
import type { TransportRecord } from '../../../shared/record/run-record.ts'
import { networkPlan, sizeText, TRANSPORTS } from './plans.ts'
import { type FarSandbox, openRealLink } from './real-link.ts'
import { serverTimesMs, type WireMessages } from './server-time.ts'
import type { Table, TableRow } from './tables.ts'

const RTTS_MS = [20, 60, 150]
const SIZES = [2000, 60_000, 400_000]
const THINKS_MS = [0, 15, 80]
/** From this distance the what-if predicts the others. */
const FROM_RTT_MS = 20
const MESSAGES = 12
const SERVER_WITHIN = { share: 0.1, ms: 4 }
const ADDS_UP_WITHIN = 0.02
const PREDICTS_WITHIN = 0.1

interface Cell {
  rttMs: number
  sizeBytes: number
  thinkMs: number
  transports: TransportRecord[]
  /** Of each transport: what the server took on average, by the packets at its own end of the link. */
  truthsMs: number[]
}

/**
 * One message at a time, to a server that has room for every content: what its window does is a table of its own.
 * The parts of a message against the truth, which is what the packets at the server's end of the link tell of the same
 * messages; and what the what-if says at 20 ms of the other distances against what was measured there.
 */
export async function partsTables(): Promise<Table[]> {
  const measured = await cells(RTTS_MS)
  return [
    {
      title: 'What a message is made of, on real TCP (cubic)',
      demand:
        'The server’s time within 10 % + 4 ms of what it took by the packets at its own end, and the parts add up within 2 %; means, ms.',
      head: [
        'RTT',
        'content',
        'server thinks',
        'transport',
        'service',
        'chatter',
        'transfer',
        'server',
        'truth',
        'client',
        'adds up to'
      ],
      rows: measured.flatMap(partsRows)
    },
    {
      title: `What-if from ${FROM_RTT_MS} ms (cubic)`,
      demand: 'p50 at the other distances within 10 % of what was measured there, ms.',
      head: ['to RTT', 'content', 'server thinks', 'transport', 'predicted', 'measured', 'off'],
      rows: measured
        .filter(({ rttMs }) => rttMs !== FROM_RTT_MS)
        .flatMap((cell) => whatIfRows(cell, measured))
    }
  ]
}

async function cells(rttsMs: readonly number[]): Promise<Cell[]> {
  const found: Cell[] = []
  for (const rttMs of rttsMs) {
    const link = await openRealLink({
      rttMs,
      congestionControl: 'cubic',
      receiveBuffer: 'roomy',
      isWatched: true
    })
    try {
      for (const thinkMs of THINKS_MS) {
        const far = await link.serve(thinkMs)
        for (const sizeBytes of SIZES) {
          console.error(`parts: ${rttMs} ms, ${sizeText(sizeBytes)}, thinks ${thinkMs} ms`)
          const earlier = link.packets().length
          const { record } = await link.run(
            networkPlan(far, { sizeBytes, messages: MESSAGES, concurrency: 1 })
          )
          const packets = link.packets().slice(earlier)
          const { transports } = record
          const truthsMs = transports.map((_, index) => {
            const times = serverTimesMs(packets, rttMs, wireMessages(transports, index, far))
            return times.length < MESSAGES ? NaN : mean(times.slice(-MESSAGES))
          })
          found.push({ rttMs, sizeBytes, thinkMs, transports, truthsMs })
        }
        await far.stop()
      }
    } finally {
      await link.close()
    }
  }
  return found
}

/** The transports stand in pairs: each message on a new connection, then the same way on kept ones. */
function wireMessages(transports: readonly TransportRecord[], index: number, far: FarSandbox): WireMessages {
  const isOnNew = index % 2 === 0
  const pair = isOnNew ? index : index - 1
  return {
    isOnNew,
    serverPort: pair === 0 ? far.smtpPort : Number(new URL(far.apiTlsUrl).port),
    // Of the turns the first is the connection itself, for which the server's kernel answers.
    waitsOfFirst: Math.round(transports[pair]?.turns.cold ?? NaN) - 1,
    waitsOfNext: Math.round(transports[pair + 1]?.turns.warm ?? NaN)
  }
}

function partsRows(cell: Cell): TableRow[] {
  return cell.transports.map((transport, index) => {
    const { service, chatterMs, transferMs, serverMs, clientMs, lookupMs } = transport
    const truthMs = cell.truthsMs[index] ?? NaN
    const parts = [chatterMs, transferMs, serverMs, clientMs, lookupMs].reduce<number>(
      (sum, ms) => sum + (ms ?? 0),
      0
    )
    const share = parts / (service.mean ?? NaN)
    const isTrue =
      Math.abs((serverMs ?? NaN) - truthMs) <= SERVER_WITHIN.share * truthMs + SERVER_WITHIN.ms &&
      Math.abs(share - 1) <= ADDS_UP_WITHIN
    return {
      cells: [
        ...[`${cell.rttMs} ms`, sizeText(cell.sizeBytes), `${cell.thinkMs} ms`, TRANSPORTS[index] ?? ''],
        ...[service.mean, chatterMs, transferMs, serverMs, truthMs, clientMs].map(msText),
        `${(100 * share).toFixed(1)} %`
      ],
      met: isTrue
    }
  })
}

function whatIfRows(cell: Cell, measured: readonly Cell[]): TableRow[] {
  const from = measured.find((each) => each.rttMs === FROM_RTT_MS && isLike(each, cell))
  return cell.transports.map((transport, index) => {
    const near = from?.transports[index]
    const model = near === undefined ? null : latencyModel(near)
    const predictedMs = model === null ? NaN : p50At(model, transport.rttMs ?? cell.rttMs)
    const measuredMs = transport.service.p50 ?? NaN
    const off = predictedMs / measuredMs - 1
    return {
      cells: [
        ...[`${cell.rttMs} ms`, sizeText(cell.sizeBytes), `${cell.thinkMs} ms`, TRANSPORTS[index] ?? ''],
        ...[msText(predictedMs), msText(measuredMs), `${(100 * off).toFixed(1)} %`]
      ],
      met: Math.abs(off) <= PREDICTS_WITHIN
    }
  })
}

function isLike(a: Cell, b: Cell): boolean {
  return a.sizeBytes === b.sizeBytes && a.thinkMs === b.thinkMs
}

export function msText(ms: number | null): string {
  return ms === null || Number.isNaN(ms) ? '–' : ms.toFixed(ms < 10 ? 2 : 1)
}
