import { STATUS_CODES } from 'node:http'
import { waitSeconds } from '../../../shared/providers/throttling.ts'
import type { HttpSide } from '../../../shared/providers/provider.ts'
import { redactor } from '../redact.ts'
import type { SendResult } from '../send-result.ts'

/** Characters of an answer that a sample shows. */
const SAMPLE_CHARACTERS = 300

/** A complete answer, as far as it was kept. */
export interface Answer {
  status: number
  /** Value of a header by its lower-case name; null when it has none or the head was not kept. */
  header(name: string): string | null
  /** Start of the body as text; empty when it was not kept. */
  body: string
}

/** Judges answers by a provider's rules. Texts of the peer pass through `scrub` before anyone sees them. */
export class Judge {
  readonly #side: HttpSide
  readonly #accepted = new Uint8Array(600)
  readonly #throttled = new Uint8Array(600)
  readonly #scrub: (text: string) => string
  readonly #refusal: HttpSide['refusal']

  constructor(side: HttpSide, secrets: readonly string[]) {
    this.#side = side
    this.#refusal = side.refusal
    for (const status of side.accepted) this.#accepted[status] = 1
    for (const status of side.throttled) this.#throttled[status] = 1
    this.#scrub = redactor(secrets)
  }

  /** The body decides too: it must be kept even when the status is a success. */
  get needsBody(): boolean {
    return this.#refusal !== undefined
  }

  /** Whether a status alone means accepted. */
  accepts(status: number): boolean {
    return this.#accepted[status] === 1 && this.#refusal === undefined
  }

  /** Writes outcome, code, sample and throttling of an answer into a result. */
  settle(result: SendResult, answer: Answer): void {
    const { status } = answer
    result.code = CODES[status] ?? String(status)
    result.phase = 'response'
    if (this.accepts(status)) {
      result.outcome = 'accepted'
      return
    }
    if (this.#accepted[status] === 1) this.#settleByBody(result, answer)
    else if (status >= 400) {
      result.outcome = 'rejected'
      result.sample = this.#sample(answer)
      this.#settleThrottling(result, answer)
    } else if (status >= 300) {
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
    return this.#scrub(text).replace(/\s+/g, ' ').trim().slice(0, SAMPLE_CHARACTERS)
  }

  /** The name that a peer gives itself, as it may be shown. */
  banner(name: string | null): string | null {
    return name === null ? null : this.scrub(name)
  }

  #settleByBody(result: SendResult, answer: Answer): void {
    let parsed: unknown
    try {
      parsed = JSON.parse(answer.body)
    } catch {
      fail(result, 'PROTOCOL', this.scrub(`${line(answer.status)}, but the body is not JSON: ${answer.body}`))
      return
    }
    const refusal = this.#refusal?.(parsed) ?? null
    if (refusal === null) {
      result.outcome = 'accepted'
      return
    }
    result.outcome = 'rejected'
    result.sample = this.scrub(`${line(answer.status)}, but ${refusal}`)
  }

  #settleThrottling(result: SendResult, answer: Answer): void {
    const isThrottling =
      this.#throttled[answer.status] === 1 || this.#side.throttledText?.test(answer.body) === true
    if (!isThrottling) return
    result.throttled = true
    result.retryAfterSeconds = waitSeconds(this.#side, (name) => answer.header(name), answer.body, Date.now())
  }

  #sample(answer: Answer): string {
    return this.scrub(`${line(answer.status)}: ${answer.body}`).replace(/:$/, '')
  }
}

function fail(result: SendResult, code: string, sample: string): void {
  result.outcome = 'failed'
  result.code = code
  result.sample = sample
}

function line(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim()
}

const CODES: readonly string[] = Array.from({ length: 600 }, (_, status) => String(status))

/** Finds a header in a head of HTTP/1.1 text. */
export function headerIn(head: string | null, name: string): string | null {
  if (head === null) return null
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(head)?.[1] ?? null
}
