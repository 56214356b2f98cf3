import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as NetServer } from 'node:net'
import { jsonOrNull } from '../../shared/text/json.ts'
import { nodeHttp } from '../node-http.ts'
import { equalsSecret } from '../equals-secret.ts'
import { findHops } from './hops.ts'
import { listen } from './listen.ts'
import { awaitedSchema, RECEIVE_PATHS, RUN_ID, type ArrivalsAnswer } from './receive-contract.ts'
import { sharedNowUs, smtpSink } from './smtp-sink.ts'

/** A run that has not asked for so long has ended without a word, ms. */
const FORGOTTEN_MS = 3600_000
const MAX_RUNS = 100
/** Arrivals of a run that nobody has asked for; more are to come again later. */
const MAX_WAITING = 1_000_000
/** Arrivals in one answer. */
const MAX_ANSWER = 20_000
const MAX_REQUEST_BYTES = 65_536
/** A request that takes longer to come in is none, ms. */
const REQUEST_MS = 10_000

/** A run whose messages are taken. */
interface AwaitedRun {
  tags: readonly string[]
  arrivals: ArrivalsAnswer['arrivals']
  /** Arrivals that it was told and has forgotten. */
  forgotten: number
  askedMs: number
}

export interface ReceiveHubOptions {
  /** Where mail comes in. */
  smtp: { host: string; port: number }
  /** Where runs ask. */
  http: { host: string; port: number }
  /** What they must show. */
  token: string
  /** For STARTTLS; none is offered without. */
  certificate?: { key: string; cert: string }
}

/** A receiver that stands by itself: mail of the runs that have told their tags, and nothing else. */
export interface ReceiveHub {
  readonly smtpPort: number
  readonly httpPort: number
  /** Runs that are awaited now, and messages taken so far. */
  counts(): { runs: number; taken: number }
  close(): Promise<void>
}

/**
 * Starts the receiver.
 * @throws {Error} naming the address that is taken
 */
export async function startReceiveHub(options: ReceiveHubOptions): Promise<ReceiveHub> {
  const runs = new Map<string, AwaitedRun>()
  const counts = { taken: 0 }
  const runOf = (tag: string): AwaitedRun | undefined =>
    [...runs.values()].find(({ tags }) => tags.includes(tag))
  const sink = smtpSink({
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    isKnown: (tag) => runOf(tag) !== undefined,
    onArrival: ({ tag, seq }, atUs, header) => {
      const run = runOf(tag)
      if (run === undefined || run.arrivals.length >= MAX_WAITING) return false
      run.arrivals.push({ tag: run.tags.indexOf(tag), seq, atUs, hops: findHops(header) })
      counts.taken++
      return true
    }
  })
  const http = nodeHttp.createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    answerRuns(runs, options.token)
  )
  const sweep = setInterval(() => {
    for (const [id, { askedMs }] of runs) if (performance.now() - askedMs > FORGOTTEN_MS) runs.delete(id)
  }, FORGOTTEN_MS / 60)
  sweep.unref()
  const close = async (): Promise<void> => {
    clearInterval(sweep)
    for (const connection of sink.connections) connection.close()
    await Promise.all([closed(http), closed(sink.server)])
  }
  try {
    const smtpPort = await listen(sink.server, options.smtp.host, options.smtp.port)
    const httpPort = await listen(http, options.http.host, options.http.port)
    return { smtpPort, httpPort, counts: () => ({ runs: runs.size, taken: counts.taken }), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function closed(server: Server | NetServer): Promise<void> {
  if ('closeAllConnections' in server) server.closeAllConnections()
  if (!server.listening) return
  server.close()
  await once(server, 'close')
}

/** Answers runs, whoever shows the token. */
function answerRuns(
  runs: Map<string, AwaitedRun>,
  token: string
): (request: IncomingMessage, response: ServerResponse) => void {
  const instance = randomBytes(8).toString('hex')
  const clocks = (): { instance: string; nowUs: number; wallMs: number } => ({
    ...{ instance, nowUs: sharedNowUs(), wallMs: performance.timeOrigin + performance.now() }
  })

  const judge = (request: IncomingMessage, body: string): { status: number; answer: object } => {
    const no = (status: number, message: string): { status: number; answer: object } => ({
      status,
      answer: { message }
    })
    if (!equalsSecret(request.headers.authorization ?? null, `Bearer ${token}`))
      return no(401, 'the token is wrong')
    const url = new URL(request.url ?? '/', 'http://receiver')
    if (url.pathname === RECEIVE_PATHS.clock) return { status: 200, answer: clocks() }
    const [, id = '', rest] = /^\/v1\/runs\/([^/]+)(\/arrivals)?$/.exec(url.pathname) ?? []
    if (!RUN_ID.test(id)) return no(404, 'there is nothing of that name')
    if (request.method === 'PUT' && rest === undefined) {
      const awaited = awaitedSchema.safeParse(jsonOrNull(body))
      if (!awaited.success) return no(400, 'the tags of a run are needed')
      if (runs.size >= MAX_RUNS && !runs.has(id)) return no(503, `${MAX_RUNS} runs are awaited already`)
      runs.set(id, { tags: awaited.data.tags, arrivals: [], forgotten: 0, askedMs: performance.now() })
      return { status: 200, answer: clocks() }
    }
    const run = runs.get(id)
    if (run === undefined) return no(404, 'this run is not awaited here, or has not asked for an hour')
    if (request.method === 'DELETE' && rest === undefined) {
      runs.delete(id)
      return { status: 200, answer: {} }
    }
    if (request.method !== 'GET' || rest === undefined) return no(405, 'that cannot be done here')
    const after = Number(url.searchParams.get('after'))
    const known = run.forgotten + run.arrivals.length
    if (!(after >= run.forgotten && after <= known)) return no(400, 'what is asked for is not known here')
    run.askedMs = performance.now()
    run.arrivals.splice(0, after - run.forgotten)
    run.forgotten = after
    const arrivals = run.arrivals.slice(0, MAX_ANSWER)
    return {
      status: 200,
      answer: { ...clocks(), last: after + arrivals.length, arrivals } satisfies ArrivalsAnswer
    }
  }

  return (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      body += piece
      if (body.length > MAX_REQUEST_BYTES) request.destroy()
    })
    request.on('error', () => undefined)
    request.on('end', () => {
      const { status, answer } = judge(request, body)
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify(answer))
    })
  }
}
