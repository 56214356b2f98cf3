import { addHint } from '../client.ts'
import type { SendResult } from '../send-result.ts'
import { plainText } from '../../../shared/plan/secret-refs.ts'
import { STARTTLS } from './commands.ts'
import { SmtpConnection, type Talker } from './smtp-connection.ts'
import { mechanismOf, missingStarttls, sizeHint } from './demands.ts'
import { NO_EXTENSIONS, type Extensions } from './extensions.ts'
import type { SmtpContext } from './smtp-context.ts'
import { failed, type Failure } from '../connect/failure.ts'
import { refusalAdvice } from './failure.ts'
import type { ReplyParser } from './reply-parser.ts'
import { base64, cramMd5Response, digestIn, plainResponse, xoauth2Response } from './sasl.ts'

/** An AUTH line with its initial response may have this many bytes (RFC 4954 section 4). */
const MAX_AUTH_LINE_BYTES = 12_288

/** Replies to AUTH by which a server says that it cannot read the line. */
const INITIAL_REFUSED: readonly number[] = [500, 501, 504]

const GREETING = 0
const HELLO = 1
const OLD_HELLO = 2
const TLS = 3
const AUTH = 4
type Step = typeof GREETING | typeof HELLO | typeof OLD_HELLO | typeof TLS | typeof AUTH

/** Who wants a connection. */
export interface HandshakeOwner {
  onOpened(connection: SmtpConnection): void
  /** The connection is gone, or on its way out. */
  onRefused(failure: Failure): void
}

/** Brings one connection from nothing to where MAIL may be said: connect, greeting, EHLO, TLS, AUTH. */
export class Handshake implements Talker {
  readonly connection: SmtpConnection
  readonly #context: SmtpContext
  readonly #opener: HandshakeOwner
  #step: Step = GREETING
  #isSecure: boolean
  /** What to answer to each 334 that is still to come. */
  #answers: ((challenge: string) => string)[] = []
  /** The first answer went with AUTH. */
  #isInitial = false

  /** @param isCounted false when it is no part of the load (preflight) */
  constructor(context: SmtpContext, result: SendResult, opener: HandshakeOwner, isCounted = true) {
    this.#context = context
    this.#opener = opener
    this.#isSecure = context.options.transport.security === 'tls'
    this.connection = new SmtpConnection(context, result, this, isCounted)
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
    } else if (!isLast && (code < 400 || this.#step === HELLO)) {
      this.#fail(
        failed(
          'PROTOCOL',
          connection.phase,
          this.#context.mask(
            `the server sent more than it was asked for, behind ${reply.summary()}: ${connection.unasked}`
          )
        )
      )
    } else if (code >= 400) this.#onRefusal(reply)
    else if (code >= 300) this.#onChallenge(reply)
    else this.#onConsent(reply)
  }

  onUnasked(reply: ReplyParser | null): void {
    const what = reply === null ? '' : `: ${reply.summary()}`
    const sample = this.#context.mask(`the server spoke when it was not its turn${what}`)
    this.#fail(failed('PROTOCOL', this.connection.phase, sample))
  }

  onLost(failure: Failure): void {
    this.connection.cutWait()
    this.#opener.onRefused(failure)
  }

  #onConsent(reply: ReplyParser): void {
    switch (this.#step) {
      case GREETING:
        if (reply.code !== 220) return this.#unexpected(reply)
        this.#context.greeted(reply)
        this.#sayHello(HELLO)
        return
      case HELLO:
        this.#onHello(this.#context.extensions(reply))
        return
      case OLD_HELLO:
        this.#onHello(NO_EXTENSIONS)
        return
      case TLS:
        if (reply.code !== 220) return this.#unexpected(reply)
        this.connection.secure(() => {
          this.#isSecure = true
          this.#sayHello(HELLO)
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
      this.#sayHello(OLD_HELLO)
      return
    }
    const { auth } = this.#context.options.transport
    if (this.#step === AUTH && this.#isInitial && auth !== null && INITIAL_REFUSED.includes(reply.code)) {
      // RFC 4954 section 4 lets a client say it with the command, and not every server has heard of it.
      this.#context.refusesInitialResponse()
      this.#logIn({ ...auth, user: plainText(auth.user) })
      return
    }
    const { phase } = this.connection
    const text = this.#context.mask(reply.summary())
    const advice = refusalAdvice(text, phase, this.#context.options.transport, this.#name)
    this.#fail({ outcome: 'rejected', code: reply.status(), phase, sample: text, advice })
  }

  #onHello(extensions: Extensions): void {
    const { transport, content } = this.#context.options
    this.connection.extensions = extensions
    this.#context.connector.observe({ capabilities: extensions.capabilities })
    const hint = sizeHint(content.mime.bytes.length, extensions)
    if (hint !== null) addHint(this.#context.connector.stats, hint)
    const mustUpgrade = transport.security === 'starttls' && !this.#isSecure
    const missing = mustUpgrade ? missingStarttls(extensions) : this.#context.unmetDemand(extensions)
    if (missing !== null) this.#fail(missing)
    else if (mustUpgrade) this.#say(TLS, STARTTLS, 'starttls')
    else if (transport.auth === null) this.#opener.onOpened(this.connection)
    else this.#logIn({ ...transport.auth, user: plainText(transport.auth.user) })
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
    const password = this.#context.options.password ?? ''
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
    const mayBegin = initialResponse && this.#context.takesInitialResponse
    this.#isInitial = mayBegin && line.length > mechanism.length + 6 && line.length + 2 <= MAX_AUTH_LINE_BYTES
    if (this.#isInitial) {
      this.#answers.shift()
      this.#say(AUTH, Buffer.from(`${line}\r\n`), 'auth', `AUTH ${mechanism} ***`)
    } else {
      this.#say(AUTH, Buffer.from(`AUTH ${mechanism}\r\n`), 'auth')
    }
  }

  #onChallenge(reply: ReplyParser): void {
    const answer = this.#answers.shift()
    if (this.#step !== AUTH || reply.code !== 334 || answer === undefined) return this.#unexpected(reply)
    const said = answer(reply.lastLine().slice(4))
    this.#context.hide(said)
    // A password can be guessed from the digest wherever it stands, its base64 undone as well.
    if (this.#context.options.transport.auth?.method === 'cram-md5') this.#context.hide(digestIn(said))
    this.#say(AUTH, Buffer.from(`${said}\r\n`), 'auth', '***')
  }

  get #name(): string {
    return this.#context.clientName(this.connection)
  }

  #sayHello(step: typeof HELLO | typeof OLD_HELLO): void {
    this.#say(step, this.#context.hello(step === HELLO ? 'EHLO' : 'HELO', this.connection), 'ehlo')
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
        this.#context.mask(`unexpected reply in phase ${this.connection.phase}: ${reply.summary()}`)
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
