import type { TransportRecord } from '../../../shared/record/run-record.ts'
import { msText } from './parts-table.ts'
import { networkPlan, sizeText, TRANSPORTS } from './plans.ts'
import { openRealLink, type RealLinkOptions } from './real-link.ts'
import type { Table, TableRow } from './tables.ts'

const RTT_MS = 60
const SIZE_BYTES = 400_000
const THINKS_MS = [0, 15, 80]
const MESSAGES = 12
/** A mean that is longer by more than this is to be told of. */
const LONGER = 1.05

/** What the server's receive window does to a large content, by its buffer, and whether the record tells of it. */
export async function receiverTable(): Promise<Table> {
  const roomy = await measuredWith('roomy')
  const system = await measuredWith('system')
  return {
    title: 'The server’s receive window (cubic)',
    demand: `${sizeText(SIZE_BYTES)} at ${RTT_MS} ms, to a server whose receive buffer has room from the start, and to one with the system’s own: mean service time, ms, and how many contents the record says waited for room, warm-up included. None waits with room; where the mean is longer by more than 5 % without, some did.`,
    head: ['server thinks', 'transport', 'roomy', 'waited', 'system’s', 'waited'],
    rows: THINKS_MS.flatMap((thinkMs, at) =>
      TRANSPORTS.map((name, index): TableRow => {
        const [withRoom, without] = [roomy[at]?.[index], system[at]?.[index]]
        const isLonger = (without?.service.mean ?? NaN) > LONGER * (withRoom?.service.mean ?? NaN)
        return {
          cells: [
            ...[`${thinkMs} ms`, name],
            ...[withRoom, without].flatMap((each) => [
              msText(each?.service.mean ?? null),
              String(waits(each))
            ])
          ],
          met: waits(withRoom) === 0 && (!isLonger || waits(without) > 0)
        }
      })
    )
  }
}

function waits(transport: TransportRecord | undefined): number {
  return transport?.tcp?.receiveWindow?.waits ?? 0
}

async function measuredWith(receiveBuffer: RealLinkOptions['receiveBuffer']): Promise<TransportRecord[][]> {
  const link = await openRealLink({
    rttMs: RTT_MS,
    congestionControl: 'cubic',
    receiveBuffer,
    isWatched: true
  })
  const found: TransportRecord[][] = []
  try {
    for (const thinkMs of THINKS_MS) {
      console.error(`receiver: ${receiveBuffer}, thinks ${thinkMs} ms`)
      const far = await link.serve(thinkMs)
      const plan = networkPlan(far, { sizeBytes: SIZE_BYTES, messages: MESSAGES, concurrency: 1 })
      found.push((await link.run(plan)).record.transports)
      await far.stop()
    }
  } finally {
    await link.close()
  }
  return found
}
