import { once } from 'node:events'
import type { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { arch, hostname, platform, release } from 'node:os'
import { diag, DiagLogLevel, type Attributes, type HrTime } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { z } from 'zod'
import { hostOf, portOf } from '../../shared/plan/plan-target.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { counted } from '../../shared/text/format.ts'
import { nodeHttp } from '../node-http.ts'
import { productVersion } from '../product-version.ts'
import type { Delta } from '../record/delta.ts'
import { OtlpBatch } from './otlp-batch.ts'

/** How often a batch goes out, ms. */
const BATCH_MS = 1000
/** How long a batch may take with all its attempts, and the end of a run may wait for the last ones, ms. */
const TIMEOUT_MS = 3000
const METRICS_PATH = 'v1/metrics'

export interface OtlpOptions {
  plan: Plan
  runId: string
  /** Base URL of the receiver, as `OTEL_EXPORTER_OTLP_ENDPOINT`; `undefined` leaves it to the environment. */
  url: string | undefined
}

/**
 * Tells a receiver what a run measures, over OTLP/HTTP in JSON, once a second. While one batch is under way the next
 * one gathers, so that a slow receiver costs neither memory nor the run's time.
 */
export class OtlpExport {
  readonly #plan: Plan
  readonly #agents: (Agent | SecureAgent)[] = []
  readonly #exporter: OTLPMetricExporter
  readonly #resource
  readonly #timer: NodeJS.Timeout
  #batch = new OtlpBatch()
  #since = now()
  #underWay: Promise<void> | null = null
  #made = 0
  #taken = 0
  #problem = 'no answer in time'
  /** Data points that the receiver refused of reports that it took. */
  #refused = 0

  constructor({ plan, runId, url }: OtlpOptions) {
    this.#plan = plan
    const ignore = (): void => undefined
    const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore }
    diag.setLogger(
      { ...logger, warn: (message, detail) => (this.#refused += refusedPoints(message, detail)) },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true }
    )
    this.#exporter = new OTLPMetricExporter({
      ...(url === undefined ? {} : { url: metricsUrl(url) }),
      timeoutMillis: TIMEOUT_MS,
      httpAgentOptions: (protocol) => {
        const agent =
          protocol === 'https:'
            ? new SecureAgent({ keepAlive: true })
            : new nodeHttp.Agent({ keepAlive: true })
        this.#agents.push(agent)
        return agent
      }
    })
    this.#resource = resourceFromAttributes({
      'service.name': 'chattermark',
      'service.version': productVersion(),
      'service.instance.id': runId,
      'host.name': hostname(),
      'host.arch': arch() === 'x64' ? 'amd64' : arch(),
      'os.type': platform() === 'win32' ? 'windows' : platform(),
      'os.version': release(),
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node
    }).merge(detectResources({ detectors: [envDetector] }))
    this.#timer = setInterval(() => {
      this.#underWay ??= this.#flush().finally(() => {
        this.#underWay = null
      })
    }, BATCH_MS)
  }

  /**
   * @param place its name; null for a run without places
   * @param conditions what sets runs of one plan apart, such as a sweep's distance
   */
  add(delta: Delta, place: string | null, conditions: Attributes = {}): void {
    const attributes = { ...this.#attributes(delta.transport, place), ...conditions }
    this.#batch.add(JSON.stringify(attributes), attributes, delta)
  }

  /**
   * Sends what is left, and waits a few seconds for it at most.
   * @returns what to tell of a receiver that did not take all; null when it did
   */
  async end(): Promise<string | null> {
    clearInterval(this.#timer)
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      deadline.abort()
    }, TIMEOUT_MS)
    const rest = async (): Promise<void> => {
      await this.#underWay
      if (!deadline.signal.aborted) await this.#flush()
    }
    await Promise.race([rest(), once(deadline.signal, 'abort')])
    clearTimeout(timer)
    for (const agent of this.#agents) agent.destroy()
    const made = this.#made + (this.#batch.isEmpty ? 0 : 1)
    diag.disable()
    const refused =
      this.#refused === 0 ? '' : `, and refused ${counted(this.#refused, 'data point')} of what it took`
    const problem = this.#taken === made ? '' : `: ${this.#problem}`
    if (problem === '' && refused === '') return null
    return `The receiver of OTLP took ${this.#taken} of ${counted(made, 'report')}${problem}${refused}. Its counts fall short of the record; the run itself is complete.`
  }

  async #flush(): Promise<void> {
    if (this.#batch.isEmpty) return
    const batch = this.#batch
    this.#batch = new OtlpBatch()
    const startTime = this.#since
    this.#since = now()
    this.#made++
    const problem = await this.#send(batch, startTime, this.#since)
    if (problem === null) this.#taken++
    else this.#problem = problem
  }

  #send(batch: OtlpBatch, startTime: HrTime, endTime: HrTime): Promise<string | null> {
    const scope = { name: 'chattermark', version: productVersion() }
    const metrics = batch.metrics(startTime, endTime)
    return new Promise<string | null>((resolve) => {
      this.#exporter.export({ resource: this.#resource, scopeMetrics: [{ scope, metrics }] }, ({ error }) => {
        resolve(error === undefined ? null : problemOf(error))
      })
    }).catch(problemOf)
  }

  #attributes(index: number, place: string | null): Attributes {
    const transport = this.#plan.transports[index]
    if (transport === undefined) return {}
    return {
      'chattermark.transport': transport.name,
      'network.protocol.name': transport.protocol,
      'server.address': hostOf(transport),
      'server.port': portOf(transport),
      ...(place === null ? {} : { 'chattermark.place': place })
    }
  }
}

/** The URL that metrics go to, below a base URL; one that ends with the path already stays. */
function metricsUrl(base: string): string {
  const url = new URL(base)
  if (!url.pathname.endsWith(`/${METRICS_PATH}`))
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${METRICS_PATH}`
  return url.href
}

/** Data points that a warning of the exporter says were refused: how it tells of a `partial_success`. */
function refusedPoints(message: string, detail: unknown): number {
  if (!message.startsWith('Received Partial Success') || typeof detail !== 'string') return 0
  const partial = partialSuccessSchema.safeParse(JSON.parse(detail))
  return partial.success ? partial.data.rejectedDataPoints : 0
}

const partialSuccessSchema = z.object({ rejectedDataPoints: z.coerce.number().default(0) })

/** What the exporter says of a failure; never what the receiver answered, which may repeat a header. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const given = 'code' in error ? error.code : undefined
  const code = typeof given === 'string' || typeof given === 'number' ? String(given) : ''
  return [code, error.message].filter((part) => part !== '').join(' ') || 'it could not be reached'
}

function now(): HrTime {
  const ms = Date.now()
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
}
