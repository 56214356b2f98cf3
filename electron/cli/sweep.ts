import { join } from 'node:path'
import { sweepCsv } from '../../shared/record/csv.ts'
import { LADDER_PLAN } from '../../shared/plan/ladder-plan.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import { planSchema, type Plan } from '../../shared/plan/plan.ts'
import { fitPlaces } from '../../shared/insight/sweep-fit.ts'
import { bytes } from '../../shared/text/format.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import type { SweepRecord } from '../../shared/record/sweep-record.ts'
import { turnChartSvg } from '../../shared/report/turn-chart-svg.ts'
import { turnChart } from '../../shared/page/turn-chart.ts'
import { rowsFromRecord } from '../../shared/insight/turn-rows.ts'
import { noKeychain } from '../engine/read-secret.ts'
import { runFolder, startSweep, type SweepOptions, type SweepResult } from '../engine/sweep.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { readPlan } from './read-plan.ts'
import { ProgressLine } from './progress.ts'
import { crewOf, type PlacesFlags } from './places-options.ts'
import { listenForSignals, runPlan } from './run-plan.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { brokenAssertions, sweepText, troubles } from './sweep-text.ts'
import { withTelemetry } from './telemetry.ts'
import { assertWritable, writeAsked } from './write-file.ts'

/** Round-trip times to emulate where neither they nor sizes are asked for, ms. */
const RTTS_MS = [0, 20, 50, 100]

export interface SweepCommand extends SafetyOptions, PlacesFlags {
  rtt?: number[]
  sizes?: number[]
  csv?: string
  out?: string
  force: boolean
  workers?: number
  /** Base URL of a receiver of OTLP. */
  otlp?: string
  format: Format
}

/** `chattermark sweep [PLAN]` */
export async function sweep(path: string | undefined, options: SweepCommand): Promise<ExitCode> {
  await assertWritable([options.csv])
  const plan = path === undefined ? planSchema.parse(LADDER_PLAN) : await readPlan(path)
  if (options.places !== undefined) return sweepPlaces(plan, options)
  await crewOf(options)
  const rttsMs = distancesOf(plan, options)
  const points = rttsMs.length * (options.sizes?.length ?? 1)
  const maxMessages = checkSafety(plan, {
    ...options,
    maxMessages: Math.floor(options.maxMessages / points)
  })
  if (maxMessages === 0) {
    throw new CommandError(
      EXIT.usage,
      `--max-messages ${options.maxMessages} is less than a message for each of ${points} runs; nothing was sent.`
    )
  }
  const { record, runs, stopped, usedUp } = await withTelemetry({ plan, url: options.otlp }, (tell) =>
    runSweep({
      plan,
      rttsMs,
      ...(options.sizes === undefined ? {} : { sizesBytes: options.sizes }),
      maxMessages,
      keychain: noKeychain,
      force: options.force,
      ...(options.out === undefined ? {} : { folder: options.out }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onDelta: (delta, { rttMs, sizeBytes }) => {
        tell(delta, null, {
          'chattermark.emulated.rtt_ms': rttMs,
          ...(sizeBytes === null ? {} : { 'chattermark.message.size_bytes': sizeBytes })
        })
      }
    })
  )
  if (options.format === 'json') printJson(record)
  else print(sweepText(plan.name, record))
  const broken = sayTroubles(runs)
  if (usedUp) sayUsedUp(options.maxMessages)
  if (options.out !== undefined) {
    await writeAsked(join(options.out, 'sweep.json'), `${JSON.stringify(record, null, 2)}\n`)
    await writeAsked(join(options.out, 'sweep.csv'), sweepCsv(record))
    for (const run of runs) {
      const chart = turnChartSvg(turnChart(rowsFromRecord(run)), 'auto')
      await writeAsked(
        join(
          options.out,
          runFolder(run.plan.emulate.rttMs, options.sizes === undefined ? null : run.plan.message.sizeBytes),
          'turns.svg'
        ),
        chart
      )
    }
  }
  if (options.csv !== undefined) await writeAsked(options.csv, sweepCsv(record))
  if (stopped) return EXIT.interrupted
  return exitOf(
    record.transports.every(({ points }) => points.every(({ n }) => n > 0)),
    broken
  )
}

/**
 * The round-trip times to emulate, ms: over sizes alone nothing that the plan does not.
 * @throws {CommandError} when there is nothing to hold against each other
 */
function distancesOf(plan: Plan, { rtt, sizes }: SweepCommand): number[] {
  const rttsMs = rtt ?? (sizes === undefined ? RTTS_MS : [plan.emulate.rttMs])
  if (rttsMs.length < 2 && (sizes ?? []).length < 2) {
    throw new CommandError(
      EXIT.usage,
      `a line needs two points: name at least two round-trip times, like --rtt 0,20,50,100, or at least two sizes, like --sizes 2k,20k,100k,1m, for which ${rtt === undefined ? 'no round-trip time is needed' : 'one round-trip time is enough'}`
    )
  }
  return rttsMs
}

/** The places' own distances are the points: one run, in which each place measures its round trip. */
async function sweepPlaces(plan: Plan, options: SweepCommand): Promise<ExitCode> {
  if (options.rtt !== undefined || options.sizes !== undefined) {
    throw new CommandError(
      EXIT.usage,
      '--rtt and --sizes exclude --places: each place is a point of the line at the round trip that it measures itself, to which an emulated distance would add a second one; leave them out, or sweep from one machine without --places'
    )
  }
  const { out, force, workers, otlp } = options
  const {
    record: run,
    interrupted,
    usedUp
  } = await runPlan(plan, {
    ...{ out, force, workers, otlp, sends: false },
    ...{ maxMessages: checkSafety(plan, options), ...(await crewOf(options)) }
  })
  const record: SweepRecord = {
    schema: 1,
    transports: run.transports.map((transport) => fitPlaces(transport, loadConcurrency(plan.load)))
  }
  if (options.format === 'json') printJson(record)
  else print(sweepText(plan.name, record))
  const broken = sayTroubles([run])
  if (usedUp) sayUsedUp(options.maxMessages)
  if (out !== undefined) {
    await writeAsked(join(out, 'sweep.json'), `${JSON.stringify(record, null, 2)}\n`)
    await writeAsked(join(out, 'sweep.csv'), sweepCsv(record))
  }
  if (options.csv !== undefined) await writeAsked(options.csv, sweepCsv(record))
  if (interrupted) return EXIT.interrupted
  if (run.places.some(({ state }) => state === 'lost')) return EXIT.assertionFailed
  const isWhole = record.transports.every(
    ({ points }) => points.length === run.places.length && points.every(({ n }) => n > 0)
  )
  return exitOf(isWhole, broken)
}

/** Says what needs care. @returns the assertions that were not kept */
function sayTroubles(runs: readonly RunRecord[]): string[] {
  const broken = brokenAssertions(runs)
  for (const line of [...troubles(runs), ...broken]) say(line)
  return broken
}

/** @param isWhole every transport has a figure at every point */
function exitOf(isWhole: boolean, broken: readonly string[]): ExitCode {
  if (!isWhole) return EXIT.couldNotRun
  return broken.length === 0 ? EXIT.ok : EXIT.assertionFailed
}

function sayUsedUp(maxMessages: number): void {
  say(
    `The hard stop of ${maxMessages} messages ended the sweep before its plan was done; raise --max-messages for more.`
  )
}

async function runSweep(options: SweepOptions): Promise<SweepResult> {
  const line = new ProgressLine()
  const overDistances = options.rttsMs.length > 1
  const sweeping = startSweep(options, ({ rttMs, sizeBytes, step, steps, snapshot }) => {
    const at = sizeBytes === null || overDistances ? `RTT ${rttMs} ms` : bytes(sizeBytes)
    line.show(snapshot, `${at} (turn ${step} of ${steps}) `)
  })
  const signals = listenForSignals(sweeping)
  try {
    return await sweeping.done
  } finally {
    line.clear()
    signals.stop()
  }
}
