import type { SendResult } from '../send-result.ts'
import { EHLO, HELO, STARTTLS } from './commands.ts'
import { Connection, type Talker } from './connection.ts'
import { mechanismOf, missingStarttls, unmetDemand } from './demands.ts'
import { NO_EXTENSIONS, type Dialect } from './dialect.ts'
import type { Endpoint } from './endpoint.ts'
import { failed, type Failure } from './failure.ts'
import type { ReplyParser } from './reply-parser.ts'
import { base64, cramMd5Response, plainResponse, xoauth2Response } from './sasl.ts'

/** An AUTH line with its initial response may have this many bytes (RFC 4954 section 4). */
const MAX_AUTH_LINE_BYTES = 12_288

const GREETING = 0
const HELLO = 1
const OLD_HELLO = 2
const TLS = 3
const AUTH = 4
type Step = typeof GREETING | typeof HELLO | typeof OLD_HELLO | typeof TLS | typeof AUTH

/** Who wants a connection. */
export interface Opener {
  onOpened(connection: Connection): void
  /** The connection is gone, or on its way out. */
  onRefused(failure: Failure): void
}

/** Brings one connection from nothing to where MAIL may be said: connect, greeting, EHLO, TLS, AUTH. */
export class Opening implements Talker {
  readonly connection: Connection
  readonly #endpoint: Endpoint
  readonly #opener: Opener
  #step: Step = GREETING
  #isSecure: boolean
  /** What to answer to each 334 that is still to come. */
  #answers: ((challenge: string) => string)[] = []

  constructor(endpoint: Endpoint, result: SendResult, number: number, opener: Opener) {
    this.#endpoint = endpoint
    this.#opener = opener
    this.#isSecure = endpoint.options.transport.security === 'tls'
    this.connection = new Connection(endpoint, result, this, number)
  }

  start(): void {
    const { connection } = this
    connection.open(() => {
      connection.startWait('greeting')
    })
  }

  onReply(reply: ReplyParser, heardUs: number, isLast: boolean): void {
    const { connection } = this
    if (this.#step === GREETING) connection.account(heardUs, connection.greetingTurns)
    else connection.accountTurn(heardUs)
    connection.isWaiting = false
    const { code } = reply
    if (this.#step === TLS && code === 220 && !isLast) {
      // RFC 3207: what was said in the clear behind the 220 would be taken for something said under TLS.
      this.#fail(
        failed(
          'STARTTLS_INJECTION',
          'starttls',
          'plaintext came behind the answer to STARTTLS: someone may be injecting'
        )
      )
    } else if (!isLast) {
      this.#fail(failed('PROTOCOL', connection.phase, 'the server sent more replies than it was asked for'))
    } else if (code >= 400) this.#onRefusal(reply)
    else if (code >= 300) this.#onChallenge(reply)
    else this.#onConsent(reply)
  }

  onUnasked(): void {
    this.#fail(failed('PROTOCOL', this.connection.phase, 'the server spoke when it was not its turn'))
  }

  onLost(failure: Failure): void {
    this.connection.cutWait()
    this.#opener.onRefused(failure)
  }

  #onConsent(reply: ReplyParser): void {
    switch (this.#step) {
      case GREETING:
        if (reply.code !== 220) return this.#unexpected(reply)
        this.#endpoint.greeted(reply)
        this.#say(HELLO, EHLO, 'ehlo')
        return
      case HELLO:
        this.#onHello(this.#endpoint.dialect(reply))
        return
      case OLD_HELLO:
        this.#onHello(NO_EXTENSIONS)
        return
      case TLS:
        if (reply.code !== 220) return this.#unexpected(reply)
        this.connection.secure(() => {
          this.#isSecure = true
          this.#say(HELLO, EHLO, 'ehlo')
        })
        return
      case AUTH:
        if (reply.code !== 235) return this.#unexpected(reply)
        this.#opener.onOpened(this.connection)
        return
    }
  }

  #onRefusal(reply: ReplyParser): void {
    if (this.#step === HELLO && reply.code >= 500) {
      this.#say(OLD_HELLO, HELO, 'ehlo')
      return
    }
    this.#fail({
      outcome: 'rejected',
      code: reply.status(),
      phase: this.connection.phase,
      sample: this.#endpoint.mask(reply.lastLine())
    })
  }

  #onHello(dialect: Dialect): void {
    const { transport, content } = this.#endpoint.options
    this.connection.dialect = dialect
    this.#endpoint.observe({ capabilities: dialect.capabilities })
    const mustUpgrade = transport.security === 'starttls' && !this.#isSecure
    const missing = mustUpgrade ? missingStarttls(dialect) : unmetDemand(transport, content.message, dialect)
    if (missing !== null) this.#fail(missing)
    else if (mustUpgrade) this.#say(TLS, STARTTLS, 'starttls')
    else if (transport.auth === null) this.#opener.onOpened(this.connection)
    else this.#logIn(transport.auth)
  }

  #logIn({
    method,
    user,
    initialResponse
  }: {
    method: LoginMethod
    user: string
    initialResponse: boolean
  }): void {
    const password = this.#endpoint.options.password ?? ''
    const mechanism = mechanismOf(method)
    const first = {
      plain: () => plainResponse(user, password),
      login: () => base64(user),
      'cram-md5': (challenge: string) => cramMd5Response(user, password, challenge),
      xoauth2: () => xoauth2Response(user, password)
    }[method]
    // A refused token is explained in a 334, which wants an empty answer before the refusal itself comes.
    this.#answers = [first, method === 'login' ? () => base64(password) : () => '']
    if (method !== 'login' && method !== 'xoauth2') this.#answers.pop()
    // Only these two begin with the client; LOGIN never had an initial response.
    const line = `AUTH ${mechanism} ${method === 'plain' || method === 'xoauth2' ? first('') : ''}`
    if (initialResponse && line.length > mechanism.length + 6 && line.length + 2 <= MAX_AUTH_LINE_BYTES) {
      this.#answers.shift()
      this.#say(AUTH, Buffer.from(`${line}\r\n`), 'auth', `AUTH ${mechanism} ***`)
    } else {
      this.#say(AUTH, Buffer.from(`AUTH ${mechanism}\r\n`), 'auth')
    }
  }

  #onChallenge(reply: ReplyParser): void {
    const answer = this.#answers.shift()
    if (this.#step !== AUTH || reply.code !== 334 || answer === undefined) return this.#unexpected(reply)
    this.#say(AUTH, Buffer.from(`${answer(reply.lastLine().slice(4))}\r\n`), 'auth', '***')
  }

  #say(step: Step, bytes: Buffer, phase: 'ehlo' | 'starttls' | 'auth', shown?: string): void {
    this.#step = step
    this.connection.say(bytes, phase, shown)
  }

  #unexpected(reply: ReplyParser): void {
    this.#fail(
      failed(
        'PROTOCOL',
        this.connection.phase,
        this.#endpoint.mask(`unexpected reply in phase ${this.connection.phase}: ${reply.lastLine()}`)
      )
    )
  }

  /** The server is still there and may be told good-bye, unless what it says makes no sense or it is leaving itself. */
  #fail(failure: Failure): void {
    const makesSense = failure.code !== 'PROTOCOL' && failure.code !== 'STARTTLS_INJECTION'
    if (makesSense && !failure.code.startsWith('421')) this.connection.leave()
    else this.connection.destroy()
    this.#opener.onRefused(failure)
  }
}

type LoginMethod = 'plain' | 'login' | 'cram-md5' | 'xoauth2'
