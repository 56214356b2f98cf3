import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { deltaSchema } from '../../electron/record/delta.ts'
import { OtlpExport } from '../../electron/telemetry/otlp-export.ts'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { sweepRecordSchema } from '../../shared/record/sweep-record.ts'
import { cli, temporaryFolder, type CliResult } from '../support/cli.ts'
import { closeAll, listening, otlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'

/** Two transports on the sandbox, more than a second of each. */
const LONG = {
  load: { model: 'open', rate: 100, durationSeconds: 1.6, maxConcurrency: 20 },
  rounds: 1
} as const
/** What is over at once. */
const SHORT = { load: { model: 'closed', concurrency: 2, messages: 40 } } as const

function run(
  changes: Partial<PlanInput>,
  env: Record<string, string>,
  ...args: string[]
): Promise<CliResult> {
  const folder = temporaryFolder()
  const plan = join(folder, 'plan.json')
  writeFileSync(plan, JSON.stringify(sandboxPlanInput(changes)))
  return cli(['run', plan, '--format', 'json', '--out', join(folder, 'out'), ...args], env)
}

function recordOf({ stdout }: CliResult): RunRecord {
  return runRecordSchema.parse(JSON.parse(stdout))
}

/** Everything that a receiver was told of one transport. */
function told({ requests }: OtlpReceiver, transport: string) {
  const metrics = requests
    .flatMap(({ body }) => body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics))
    .flatMap((scope) => scope.metrics)
  const isOwn = (point: { attributes: Map<string, unknown> }): boolean =>
    point.attributes.get('chattermark.transport') === transport
  return {
    counters: (name: string) =>
      metrics.flatMap((m) => ('sum' in m && m.name === name ? m.sum.dataPoints.filter(isOwn) : [])),
    histograms: (name: string) =>
      metrics.flatMap((m) =>
        'histogram' in m && m.name === name ? m.histogram.dataPoints.filter(isOwn) : []
      )
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

describe('OTLP', () => {
  it('tells a receiver what the record says: counts exactly, sums of times within 1 %', async () => {
    const receiver = await otlpReceiver()
    const result = await run(
      LONG,
      {
        OTEL_EXPORTER_OTLP_HEADERS: 'x-token=abc',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=nightly',
        OTEL_SERVICE_NAME: 'mail-bench'
      },
      '--otlp',
      receiver.url
    )
    receiver.close()
    expect(result).toMatchObject({ exitCode: 0 })
    expect(receiver.faults).toEqual([])
    const record = recordOf(result)
    expect(receiver.requests.length).toBeGreaterThan(1)
    expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/v1/metrics']))
    expect(receiver.requests[0]?.headers).toMatchObject({ 'x-token': 'abc' })
    const resource = receiver.requests[0]?.body.resourceMetrics[0]?.resource.attributes ?? []
    expect(Object.fromEntries(resource)).toMatchObject({
      'service.name': 'mail-bench',
      'service.version': record.environment.chattermark,
      'service.instance.id': record.id,
      'deployment.environment.name': 'nightly'
    })
    for (const transport of record.transports) {
      const { counters, histograms } = told(receiver, transport.name)
      for (const outcome of ['accepted', 'rejected', 'failed', 'aborted'] as const) {
        const points = counters('chattermark.sends').filter(
          ({ attributes }) => attributes.get('chattermark.outcome') === outcome
        )
        expect(total(points.map(({ asInt }) => asInt))).toBe(transport.counts[outcome])
      }
      for (const which of ['response', 'service'] as const) {
        const points = histograms(`chattermark.${which}.duration`)
        expect(total(points.map(({ count }) => count))).toBe(transport.counts.accepted)
        const recordedS = ((transport[which].mean ?? NaN) * transport.counts.accepted) / 1000
        expect(Math.abs(total(points.map(({ sum }) => sum)) / recordedS - 1)).toBeLessThan(0.01)
      }
    }
  })

  it('takes the receiver from the environment, and is off where OpenTelemetry is', async () => {
    const receiver = await otlpReceiver()
    const OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = `${receiver.url}/own/path`
    const [off, on] = await Promise.all([
      run(SHORT, { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/off`, OTEL_SDK_DISABLED: 'true' }),
      run(SHORT, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT })
    ])
    receiver.close()
    expect([off.exitCode, on.exitCode]).toEqual([0, 0])
    expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/own/path']))
  })

  it('lets no receiver disturb a run: one that is down, refuses or never answers is said at the end', async () => {
    const refusing = createServer((_, response) => response.writeHead(401).end('token abc is wrong'))
    const mute = createServer(() => undefined)
    const [refused, hung, down] = await Promise.all([
      run(SHORT, {}, '--otlp', await listening(refusing)),
      run(SHORT, {}, '--otlp', await listening(mute)),
      run(SHORT, {}, '--otlp', 'http://127.0.0.1:9')
    ])
    closeAll(refusing)
    closeAll(mute)
    for (const result of [refused, hung, down]) {
      expect(result.exitCode).toBe(0)
      expect(recordOf(result).transports.map(({ counts }) => counts.accepted)).toEqual([40, 40])
      expect(result.stderr).toMatch(/The receiver of OTLP took 0 of \d+ reports?: /)
    }
    expect(refused.stderr).toContain('401 Unauthorized')
    expect(refused.stderr).not.toContain('abc')
    expect(down.stderr).toContain('ECONNREFUSED')
  })

  it('tells of a sweep, each distance by itself, and of a search', async () => {
    const receiver = await otlpReceiver()
    const plan = join(temporaryFolder(), 'plan.json')
    writeFileSync(plan, JSON.stringify(sandboxPlanInput(SHORT)))
    const args = [plan, '--otlp', receiver.url, '--format', 'json']
    const swept = await cli(['sweep', ...args, '--rtt', '2,6'])
    expect(swept.exitCode, swept.stderr).toBe(0)
    for (const { name, points } of sweepRecordSchema.parse(JSON.parse(swept.stdout)).transports) {
      for (const { rttMs, n } of points) {
        const accepted = told(receiver, name)
          .counters('chattermark.sends')
          .filter(({ attributes }) => attributes.get('chattermark.outcome') === 'accepted')
          .filter(({ attributes }) => attributes.get('chattermark.emulated.rtt_ms') === rttMs)
        expect(total(accepted.map(({ asInt }) => asInt))).toBe(n)
      }
    }
    receiver.requests.length = 0
    const limits = ['--hold', '0.5', '--confirm', '0', '--start-rate', '10', '--max-rate', '20']
    const searched = await cli(['capacity', ...args, '--slo', 'failed == 0', ...limits])
    receiver.close()
    expect(searched.exitCode, searched.stderr).toBe(0)
    expect(receiver.faults).toEqual([])
    const { counters, histograms } = told(receiver, 'smtp')
    const sends = total(counters('chattermark.sends').map(({ asInt }) => asInt))
    expect(sends).toBeGreaterThan(5)
    expect(total(histograms('chattermark.service.duration').map(({ count }) => count))).toBe(sends)
  })

  it('tells which place it was, how often the peer asked to slow down, and what a receiver refused', async () => {
    const receiver = await otlpReceiver()
    const picky = createServer((request, response) => {
      request.resume().on('end', () => {
        const partialSuccess = { rejectedDataPoints: '3', errorMessage: 'the token abc is wrong' }
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ partialSuccess }))
      })
    })
    const said: (string | null)[] = []
    for (const url of [receiver.url, await listening(picky)]) {
      const telemetry = new OtlpExport({ plan: sandboxPlan(), runId: 'x', url })
      telemetry.add(DELTA, 'fra')
      said.push(await telemetry.end())
    }
    receiver.close()
    closeAll(picky)
    const [point] = told(receiver, 'smtp').counters('chattermark.throttled')
    expect(point?.asInt).toBe(4)
    expect(point?.attributes.get('chattermark.place')).toBe('fra')
    expect(said[0]).toBeNull()
    expect(said[1]).toMatch(/took 1 of 1 report, and refused 3 data points of what it took/)
    expect(said[1]).not.toContain('abc')
  })
})

/** A second in which a peer took one message and asked four times to slow down. */
const DELTA = deltaSchema.parse({
  ...{ transport: 0, round: 1, second: 0, sent: 5, accepted: 1, rejected: 4, failed: 0, aborted: 0 },
  ...{
    startedLate: 0,
    throttled: 4,
    retryAfterSeconds: 0,
    turns: 1,
    coldCount: 0,
    coldTurns: 0,
    waitUs: 900
  },
  ...{ transferUs: 0, serviceUs: 1000, queueUs: 0, retransmits: 0, sendsWithRetransmit: 0, laneUs: 1000 },
  ...{ lanes: 1, bytesOut: 100, bytesIn: 10, firstDueUs: 0, firstDoneUs: 1000, lastDoneUs: 1000 },
  ...{ response: [1000, 1], service: [1000, 1], phases: [], errors: [] }
})
