import type { IncomingHttpHeaders } from 'node:http'
import { textAsksForPace, waitSeconds } from '../../../shared/providers/throttling.ts'
import { valueAt } from '../../../shared/plan/plan-path.ts'
import type { HttpSide } from '../../../shared/providers/provider.ts'
import { visibleText } from '../../../shared/text/visible.ts'
import { nodeHttp } from '../../node-http.ts'
import { redactor } from '../redact.ts'
import type { SendResult } from '../send-result.ts'
import { AnswerShape } from './answer-shape.ts'
import { bodyText } from './body-text.ts'

/** Characters of an answer that a sample shows. */
const SAMPLE_CHARACTERS = 300
/** Characters of a line that a conversation shows. */
const LINE_CHARACTERS = 500
/** Characters of an answer in which words of pace are looked for. */
const PACE_CHARACTERS = 2000

/** A complete answer, as far as it was kept. */
export interface Answer {
  status: number
  /** Its head as a transcript shows it; empty when it was not kept. */
  readonly head: string
  /** Value of a header by its lower-case name; null when it has none or the head was not kept. */
  header(name: string): string | null
  /** Start of the body as it came. */
  readonly body: Buffer
}

/** An answer whose headers somebody else has read. */
export class ReadAnswer implements Answer {
  readonly status: number
  readonly body: Buffer
  readonly #headers: IncomingHttpHeaders

  constructor(status: number, headers: IncomingHttpHeaders, body: Buffer) {
    this.status = status
    this.#headers = headers
    this.body = body
  }

  get head(): string {
    const lines = Object.keys(this.#headers).map((name) => `${name}: ${this.header(name) ?? ''}`)
    return [`HTTP ${this.status}`, ...lines].join('\r\n')
  }

  header(name: string): string | null {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }
}

/**
 * Judges answers by a provider's rules: one has accepted a message when status, shape and message id are those that
 * the provider documents, and not whenever something answers 200. Texts of the peer pass through `scrub` before
 * anyone sees them.
 */
export class Judge {
  readonly #side: HttpSide
  /** Where the call goes, as it may be shown. */
  readonly #path: string
  readonly #accepted = new Uint8Array(1000)
  readonly #throttled = new Uint8Array(1000)
  readonly #scrub: (text: string) => string
  readonly #shape = new AnswerShape()

  constructor(side: HttpSide, path: string, secrets: readonly string[]) {
    this.#side = side
    this.#path = path
    for (const status of side.accepted) this.#accepted[status] = 1
    for (const status of side.throttled) this.#throttled[status] = 1
    this.#scrub = redactor(secrets)
  }

  /** Writes outcome, code, sample and throttling of an answer into a result. */
  settle(result: SendResult, answer: Answer): void {
    const { status } = answer
    result.code = CODES[status] ?? String(status)
    result.phase = 'response'
    if (this.#accepted[status] === 1) this.#settleSuccess(result, answer)
    else if (status >= 400) this.#refuse(result, answer, `${line(status)}: ${textOf(answer)}`)
    else if (status >= 300) {
      const target = answer.header('location')
      fail(
        result,
        'REDIRECT',
        this.scrub(`${line(status)} to ${target ?? 'nowhere'}; redirects are not followed`)
      )
    } else {
      const known = this.#side.accepted.join(' or ')
      fail(result, 'PROTOCOL', `${line(status)}: the API documents ${known} for an accepted message`)
    }
  }

  /** Cuts a text to sample length, on one line, without secrets. */
  scrub(text: string): string {
    return visibleText(this.#scrub(text).replace(/\s+/g, ' ').trim()).slice(0, SAMPLE_CHARACTERS)
  }

  /** A line of a conversation as it may be shown. */
  readonly clean = (line: string): string => visibleText(this.#scrub(line)).slice(0, LINE_CHARACTERS)

  /** The name that a peer gives itself, as it may be shown. */
  banner(name: string | null): string | null {
    return name === null ? null : this.scrub(name)
  }

  #settleSuccess(result: SendResult, answer: Answer): void {
    const { refusal, messageId } = this.#side
    const isPromised = messageId !== null && messageId.on?.includes(answer.status) !== false
    const needsJson = refusal !== undefined || (isPromised && messageId.in === 'json')
    if (needsJson && isPromised && this.#shape.fits(answer.body)) {
      result.outcome = 'accepted'
      return
    }
    let parsed: unknown
    if (needsJson) {
      try {
        parsed = JSON.parse(textOf(answer))
      } catch {
        this.#notTheApi(result, answer, 'it is not JSON')
        return
      }
      const why = refusal?.(parsed) ?? null
      if (why !== null) {
        this.#refuse(result, answer, `${line(answer.status)}, but ${why}`)
        return
      }
    }
    if (isPromised) {
      const id = messageId.in === 'json' ? valueAt(parsed, messageId.path) : answer.header(messageId.name)
      if (typeof id !== 'number' && (typeof id !== 'string' || id === '')) {
        const place = messageId.in === 'json' ? messageId.path.join('.') : `the header ${messageId.name}`
        this.#notTheApi(result, answer, `it has no message id at ${place}`)
        return
      }
      if (messageId.in === 'json' && typeof id === 'string') this.#shape.learn(answer.body, id)
    } else if (HTML.test(answer.header('content-type') ?? '')) {
      this.#notTheApi(result, answer, 'it is a page')
      return
    }
    result.outcome = 'accepted'
  }

  /** Something answered with success, and it was not the API. */
  #notTheApi(result: SendResult, answer: Answer, why: string): void {
    const type = answer.header('content-type')?.split(';')[0] ?? 'an answer without a type'
    const server = answer.header('server')
    const from = server === null ? '' : ` from ${server}`
    const body = textOf(answer).slice(0, SAMPLE_CHARACTERS)
    fail(
      result,
      'PROTOCOL',
      this.scrub(
        `${line(answer.status)}, but this is not the API: ${type}${from} at ${this.#path}, ${why}; ` +
          `check url and domain${body === '' ? '' : `: ${body}`}`
      )
    )
  }

  #refuse(result: SendResult, answer: Answer, sample: string): void {
    result.outcome = 'rejected'
    result.sample = this.scrub(sample).replace(/:$/, '')
    const text = textOf(answer).slice(0, PACE_CHARACTERS)
    result.throttled =
      this.#throttled[answer.status] === 1 ||
      this.#side.throttledText?.test(text) === true ||
      textAsksForPace(text)
    if (result.throttled)
      result.retryAfterSeconds = waitSeconds(this.#side, (name) => answer.header(name), text, Date.now())
  }
}

const HTML = /^\s*(?:text\/html|application\/xhtml)/i

function textOf(answer: Answer): string {
  return bodyText(answer.body, () => answer.header('content-encoding'))
}

function fail(result: SendResult, code: string, sample: string): void {
  result.outcome = 'failed'
  result.code = code
  result.sample = sample
}

function line(status: number): string {
  return `${status} ${nodeHttp.STATUS_CODES[status] ?? ''}`.trim()
}

const CODES: readonly string[] = Array.from({ length: 1000 }, (_, status) => String(status))

const HEADER_LINES = new Map<string, RegExp>()

/** Finds a header in a head of HTTP/1.1 text. */
export function headerIn(head: string | null, name: string): string | null {
  if (head === null) return null
  let line = HEADER_LINES.get(name)
  if (line === undefined) {
    line = new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im')
    HEADER_LINES.set(name, line)
  }
  return line.exec(head)?.[1] ?? null
}
