import { isIP } from 'node:net'
import type { SmtpTransport } from '../../../shared/plan/plan.ts'
import { addHint, type ClientOptions } from '../client.ts'
import { Connector } from '../connect/connector.ts'
import type { Lookup } from '../connect/resolver.ts'
import { plainText } from '../../../shared/plan/secret-refs.ts'
import { redactor, sentForms } from '../redact.ts'
import { clientName } from './client-name.ts'
import { hello } from './commands.ts'
import type { Failure } from '../connect/failure.ts'
import { unmetDemand } from './demands.ts'
import { cleanSample } from './failure.ts'
import { parseExtensions, type Extensions } from './extensions.ts'
import type { ReplyParser } from './reply-parser.ts'

/** Answers to challenges that are hidden, of connections that may still be heard. */
const MAX_ANSWERS = 200
const TLS_TERMS = { none: 'none', starttls: 'later', tls: 'at-once' } as const

/** What all lanes of one SMTP client share: how to connect, and what was learnt of the server. */
export class SmtpContext {
  readonly options: ClientOptions<SmtpTransport>
  readonly connector: Connector
  readonly #secrets: string[]
  readonly #answers: string[] = []
  /** Made when it is needed; null again once there is more to hide. */
  #redact: ((text: string) => string) | null = null
  /** The latest two, which are those before and under TLS. */
  #offers: { offer: string; extensions: Extensions }[] = []
  #takesInitialResponse = true
  #clientName: string | null = null
  /** What was said last to greet, and its bytes: the same on every connection, as a rule. */
  #hello: { verb: 'EHLO' | 'HELO'; name: string; bytes: Buffer } | null = null
  /** The offer that was judged last, and what it lacks. */
  #judged: Extensions | null = null
  #unmet: Failure | null = null

  /** @param library what a library does by itself: it resumes no session, and has a resolver of its own */
  constructor(options: ClientOptions<SmtpTransport>, library: { lookup: Lookup } | null = null) {
    this.options = options
    const { password, secrets = [], transport } = options
    const own = password === null ? [] : sentForms(plainText(transport.auth?.user ?? null), password)
    this.#secrets = [...own, ...secrets]
    this.connector = new Connector(options, {
      tls: TLS_TERMS[transport.security],
      name: transport.host,
      alpn: null,
      resumes: library === null,
      hurries: library === null,
      ...library
    })
  }

  /** AUTH may come with its first answer. */
  get takesInitialResponse(): boolean {
    return this.#takesInitialResponse
  }

  /** The server has refused AUTH with a first answer: none comes with it from now on. */
  refusesInitialResponse(): void {
    this.#takesInitialResponse = false
    addHint(
      this.connector.stats,
      'The server takes no initial response with AUTH, which costs a turn more: "initialResponse": false spares the attempt.'
    )
  }

  /** HOST:PORT, for people. */
  get name(): string {
    const { connectHost: host, connectPort: port } = this.options
    return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
  }

  /** Who this side says it is on a connection: the machine is asked once, where the answer stays the same. */
  clientName(connection: { readonly localAddress: string | undefined }): string {
    if (this.#clientName !== null) return this.#clientName
    const { localAddress } = connection
    const name = clientName(this.options.transport.ehloName, localAddress)
    // This side's address may be another one towards another address of the peer.
    const isLasting = !name.startsWith('[') || isIP(this.options.connectHost) !== 0
    if (isLasting && localAddress !== undefined) this.#clientName = name
    return name
  }

  /** EHLO or HELO with this side's name; not to be changed. */
  hello(verb: 'EHLO' | 'HELO', connection: { readonly localAddress: string | undefined }): Buffer {
    const name = this.clientName(connection)
    if (this.#hello?.name !== name || this.#hello.verb !== verb) {
      this.#hello = { verb, name, bytes: hello(verb, name) }
    }
    return this.#hello.bytes
  }

  /** Keeps the first greeting's text; the ones after it tell nothing new. */
  greeted(reply: ReplyParser): void {
    const { connector } = this
    if (connector.observed?.banner == null)
      connector.observe({ banner: this.mask(reply.lines()[0]?.slice(4) ?? '') })
  }

  /** Reads an EHLO reply; the same offer gives the same object, which makes what hangs on it cheap to keep. */
  extensions(reply: ReplyParser): Extensions {
    const text = reply.text()
    // The first line only greets: with the name of one server of many, a session number, the time of day.
    const greetingEnd = text.indexOf('\n')
    const offer = greetingEnd < 0 ? '' : text.slice(greetingEnd)
    let known = this.#offers.find((each) => each.offer === offer)
    if (known === undefined) {
      const capabilities = reply
        .lines()
        .slice(1)
        .map((line) => line.slice(4))
      const masked = capabilities.map((line) => this.mask(line))
      known = { offer, extensions: { ...parseExtensions(capabilities), capabilities: masked } }
      this.#offers = [known, ...this.#offers.slice(0, 1)]
    }
    return known.extensions
  }

  /** What the plan demands beyond what a server offers; judged once for each offer. */
  unmetDemand(extensions: Extensions): Failure | null {
    if (extensions !== this.#judged) {
      const { transport, content } = this.options
      this.#judged = extensions
      this.#unmet = unmetDemand(transport, content.message, extensions)
    }
    return this.#unmet
  }

  /** A peer's line made safe to show: no secrets, even when the peer repeats them. */
  mask(text: string): string {
    this.#redact ??= redactor(this.#secrets)
    return cleanSample(this.#redact(text))
  }

  /** Hides an answer to a challenge, from which a password could be guessed, as well; of the latest connections. */
  hide(answer: string): void {
    if (this.#secrets.includes(answer)) return
    this.#answers.push(answer)
    this.#secrets.push(answer)
    const old = this.#answers.length > MAX_ANSWERS ? this.#answers.shift() : undefined
    if (old !== undefined) this.#secrets.splice(this.#secrets.indexOf(old), 1)
    this.#redact = null
  }
}
