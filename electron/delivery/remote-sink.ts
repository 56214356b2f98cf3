import { randomBytes } from 'node:crypto'
import type { Agent } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { z } from 'zod'
import { jsonOrNull } from '../../shared/text/json.ts'
import { nodeHttp } from '../node-http.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { arrivalsAnswerSchema, clockAnswerSchema, RECEIVE_PATHS } from './receive-contract.ts'
import type { AwaitedTags, RemoteSinkSettings } from './receiver-calls.ts'
import { sharedNowUs } from './smtp-sink.ts'
import { OUT_OF_REACH_MS, type ReceiverClock, type Source } from './source.ts'

/** One question, ms. */
const REQUEST_MS = 5000
/** Questions by which the clock is measured before anything is sent. */
const FIRST_READINGS = 20
/** Readings of the clock that count: two clocks drift apart, so that old ones do not, ms. */
const READINGS_MS = 20_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/** One question to the receiver's clock. */
interface Reading {
  atUs: number
  /** Its monotonic clock less ours, µs, and by how much that may be off: half the exchange (Cristian 1989). */
  offsetUs: number
  errorUs: number
  /** The same of its time of day. */
  wallOffsetMs: number
}

/**
 * Tells a `chattermark receive` that runs already what to wait for, and measures its clock.
 * @throws {Error} when it cannot be reached or does not know the token
 */
export async function openRemoteSink(settings: RemoteSinkSettings & AwaitedTags): Promise<Source> {
  const { url, token, tags } = settings
  const line = new Line(url, token)
  const id = randomBytes(8).toString('hex')
  const readings: Reading[] = []
  const ask = async <S extends z.ZodType<{ instance: string; nowUs: number; wallMs: number }>>(
    method: string,
    path: string,
    schema: S,
    body?: object
  ): Promise<z.output<S>> => {
    const beforeUs = sharedNowUs()
    const answer = schema.parse(await line.ask(method, path, body))
    const afterUs = sharedNowUs()
    const middleUs = (beforeUs + afterUs) / 2
    readings.push({
      atUs: afterUs,
      offsetUs: answer.nowUs - middleUs,
      errorUs: (afterUs - beforeUs) / 2,
      wallOffsetMs: answer.wallMs - (Date.now() - (afterUs - middleUs) / 1000)
    })
    return answer
  }
  const clock = (): Reading => {
    const oldestUs = sharedNowUs() - READINGS_MS * 1000
    while (readings.length > 1 && (readings[0]?.atUs ?? 0) < oldestUs) readings.shift()
    return readings.reduce((best, each) => (each.errorUs < best.errorUs ? each : best))
  }

  let instance: string
  try {
    instance = (await ask('PUT', RECEIVE_PATHS.run(id), clockAnswerSchema, { tags })).instance
    // The first one opened the connection.
    readings.length = 0
    for (let reading = 0; reading < FIRST_READINGS; reading++) {
      await ask('GET', RECEIVE_PATHS.clock, clockAnswerSchema)
    }
  } catch (error) {
    line.close()
    throw new Error(`the receiver at ${url}: ${receiverReason(error)}`, { cause: error })
  }

  let last = 0
  let askedUs = 0
  let reachedMs = performance.now()
  const told = (reading: Reading): ReceiverClock => ({
    offsetMs: Math.round(reading.wallOffsetMs * 1000) / 1000,
    errorMs: Math.round(reading.errorUs) / 1000
  })
  return {
    async take() {
      const beforeUs = sharedNowUs()
      let answer
      try {
        answer = await ask('GET', RECEIVE_PATHS.arrivals(id, last), arrivalsAnswerSchema)
      } catch (error) {
        if (!(error instanceof Refused) && performance.now() - reachedMs < OUT_OF_REACH_MS) {
          return { seen: [], askedUs }
        }
        throw new Error(`the receiver at ${url}: ${receiverReason(error)}`, { cause: error })
      }
      if (answer.instance !== instance) throw new Error(`the receiver at ${url} was started anew meanwhile`)
      reachedMs = performance.now()
      last = answer.last
      askedUs = beforeUs
      const reading = clock()
      const seen = answer.arrivals.map(({ tag, seq, atUs, hops }) => ({
        ...{ tag, seq, atUs: atUs - reading.offsetUs + reading.errorUs, resolutionUs: 2 * reading.errorUs },
        ...{ isJunk: false, serverDateMs: null, hops }
      }))
      return { seen, askedUs, clock: told(reading) }
    },
    async close() {
      await line.ask('DELETE', RECEIVE_PATHS.run(id)).catch(() => undefined)
      line.close()
    }
  }
}

/** It answered, and said no: to ask again is no use. */
class Refused extends Error {}

function receiverReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'ZodError') return 'what answers there is no "chattermark receive"'
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message
}

/** Questions over one kept connection. */
class Line {
  readonly #url: URL
  readonly #token: string
  readonly #agent: Agent

  constructor(url: string, token: string) {
    this.#url = new URL(url)
    this.#token = token
    const options = { keepAlive: true, maxSockets: 1 }
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(options) : new nodeHttp.Agent(options)
  }

  /** @throws {Refused} when it says no; {Error} when there is no answer */
  ask(method: string, path: string, body?: object): Promise<unknown> {
    const target = new URL(this.#url.pathname.replace(/\/+$/, '') + path, this.#url)
    const send = target.protocol === 'https:' ? httpsRequest : nodeHttp.request
    return new Promise((resolve, reject) => {
      const request = send(
        target,
        {
          method,
          agent: this.#agent,
          lookup: guardedLookup,
          signal: AbortSignal.timeout(REQUEST_MS),
          headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' }
        },
        (response) => {
          const pieces: Buffer[] = []
          let bytes = 0
          response.on('data', (piece: Buffer) => {
            bytes += piece.length
            if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error('its answer has no end'))
            else pieces.push(piece)
          })
          response.on('error', reject)
          response.on('end', () => {
            const status = response.statusCode ?? 0
            const answer = jsonOrNull(Buffer.concat(pieces).toString('utf8'))
            if (status === 200) resolve(answer)
            else reject(new Refused(refusal(status, answer)))
          })
        }
      )
      request.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.name === 'AbortError' ? new Error(`no answer in ${REQUEST_MS / 1000} s`) : error)
      })
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Its own words only where it is what we think: anything else may say what it will. */
function refusal(status: number, answer: unknown): string {
  if (status === 401) return 'it does not know this token'
  const message = typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : null
  return typeof message === 'string'
    ? `it refuses with ${status}: ${message.slice(0, 200)}`
    : `it refuses with ${status}`
}
