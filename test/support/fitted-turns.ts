import { expect } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { type PlanInput } from '../../shared/plan/plan.ts'
import { type SweepPoint, type SweepTransport } from '../../shared/record/sweep-record.ts'
import { fitCells } from '../../shared/insight/sweep-fit.ts'
import { validPlan } from './records.ts'

const MESSAGES = 10
/** A row of few turns shows them to 3 % only over a longer way: what a busy machine adds is as much for every row. */
const COLD_RTTS_MS = [20, 100, 180]
const KEPT_RTTS_MS = [20, 200, 400]

/** A transport's settings, and the turns that the table of turns gives for it. */
export interface Row {
  turns: number
  transport: PlanInput['transports'][number]
}

/** Sweeps the new connections and the kept ones side by side: both wait nearly all the time. */
async function sweepAll(rows: [name: string, Row][]): Promise<SweepTransport[]> {
  const isCold = ([, { transport }]: [string, Row]): boolean =>
    transport.messagesPerConnection === 1 ||
    (transport.protocol === 'http' && transport.http?.keepAlive === false)
  const swept = await Promise.all([
    sweep(rows.filter(isCold), COLD_RTTS_MS),
    sweep(
      rows.filter((row) => !isCold(row)),
      KEPT_RTTS_MS
    )
  ])
  return swept.flat()
}

async function sweep(rows: [name: string, Row][], rttsMs: readonly number[]): Promise<SweepTransport[]> {
  if (rows.length === 0) return []
  const plan = validPlan({
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load: { model: 'closed', concurrency: 5, messages: MESSAGES },
    warmupSeconds: 0.01,
    rounds: 1,
    transports: rows.map(([name, { transport }]) => ({ ...transport, name }))
  })
  const { done } = startSweep({ plan, rttsMs, keychain: noKeychain, workers: 1 }, () => undefined)
  return (await done).record.transports
}

/** How often rows that are off are measured again. */
const ATTEMPTS = 5

/**
 * Sweeps every row, and expects the fitted slope within 3 % of the turns counted and 0.1 of the table, R² at least 0.99.
 * Load elsewhere on the machine only ever adds time, so that of several measurements of a point the least is nearest
 * to the truth. A slope that is really wrong is wrong every time.
 */
export async function expectTable(table: Record<string, Row>): Promise<void> {
  const best = new Map<string, SweepTransport>()
  let faults = Object.entries(table)
  for (let attempt = 1; attempt <= ATTEMPTS && faults.length > 0; attempt++) {
    for (const found of await sweepAll(faults)) best.set(found.name, leastOf(found, best.get(found.name)))
    faults = faults.filter(([name, { turns }]) => !isRight(best.get(name)!, turns))
  }
  expect(faults.map(([name]) => inWords(best.get(name)!))).toEqual([])
  expect([...best.keys()].sort()).toEqual(Object.keys(table).sort())
}

function inWords({ name, turnsCounted, turnsFitted, r2, points }: SweepTransport): string {
  const measured = points.map(({ n, rttMs, serviceP50 }) => `${n} sends at ${rttMs} ms took ${serviceP50} ms`)
  return `${name}: ${turnsCounted} turns counted, ${turnsFitted} fitted, R² ${r2}, ${measured.join(', ')}`
}

function isRight({ turnsCounted, turnsFitted, r2, points }: SweepTransport, turns: number): boolean {
  return (
    turnsCounted === turns &&
    points.every(({ n }) => n === MESSAGES) &&
    Math.abs(turnsFitted! - turns) <= 0.1 &&
    Math.abs(turnsFitted! / turnsCounted - 1) <= 0.03 &&
    r2! >= 0.99
  )
}

function leastOf(sweep: SweepTransport, before: SweepTransport | undefined): SweepTransport {
  const points = sweep.points.map((point, index): SweepPoint => {
    const earlier = before?.points[index]
    return earlier !== undefined && earlier.serviceP50! < point.serviceP50! ? earlier : point
  })
  return fitCells(sweep.name, {
    ...{ turnsCounted: sweep.turnsCounted, statistic: 'p50', baseRttMs: null, isClosed: true, points },
    cells: points.map(({ rttMs, serviceP50 }) => [rttMs, serviceP50!])
  })
}
