import { lookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type ConnectionOptions,
  type SecureContext
} from 'node:tls'
import type { SmtpTransport } from '../../../shared/plan.ts'
import { emptyConnectionStats, type ClientOptions, type Observed } from '../client.ts'
import { nowUs } from '../clock.ts'
import { redactor, sentForms } from '../redact.ts'
import { cleanSample } from './failure.ts'
import { NO_EXTENSIONS, parseDialect, type Dialect } from './dialect.ts'
import type { ReplyParser } from './reply-parser.ts'

/** Bytes of one read. Reads are handled before the next begins, so that all connections share one buffer. */
const READ_BUFFER_BYTES = 64 * 1024
const SWEEPS_PER_TIMEOUT = 10
const MIN_SWEEP_MS = 5
const MAX_SWEEP_MS = 250
const UNOBSERVED: Observed = { banner: null, capabilities: [], tls: null, alpn: null }

/** What the endpoint keeps an eye on: a connection that may have waited too long. */
export interface Watched {
  sweep(nowUs: number): void
  destroy(): void
}

/** Where to connect once the name is resolved. */
export interface Target {
  host: string
  port: number
  lookup?: LookupFunction
}

/** What all connections of one client share: where and how to connect, what was learnt there, and the one timer. */
export class Endpoint {
  readonly options: ClientOptions<SmtpTransport>
  readonly stats = emptyConnectionStats()
  readonly readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES)
  observed: Observed | null = null
  /** Number of the latest connection. */
  connectionNumber = 0
  readonly #watched = new Set<Watched>()
  readonly #redact: (text: string) => string
  #onEmpty: (() => void) | null = null
  #sweeper: NodeJS.Timeout | null = null
  #addresses: LookupAddress[] | null = null
  /** Made before the first send: reading the trusted roots takes longer than many a handshake. */
  readonly #secureContext: SecureContext | undefined
  #session: Buffer | undefined
  #offer: string | null = null
  #dialect = NO_EXTENSIONS

  constructor(options: ClientOptions<SmtpTransport>) {
    this.options = options
    const { password, secrets = [], transport } = options
    const own = password === null ? [] : sentForms(transport.auth?.user ?? '', password)
    this.#redact = redactor([...own, ...secrets])
    if (transport.security !== 'none') this.#secureContext = secureContextOf(options)
  }

  /** HOST:PORT, for people. */
  get name(): string {
    const { connectHost: host, connectPort: port } = this.options
    return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
  }

  /** True when a name must be resolved before the next connection. */
  get needsLookup(): boolean {
    return this.#addresses === null && isIP(this.options.connectHost) === 0
  }

  resolve(done: (error: NodeJS.ErrnoException | null) => void): void {
    lookup(this.options.connectHost, { all: true }, (error, addresses) => {
      if (error === null) this.#addresses = addresses
      done(error)
    })
  }

  target(): Target {
    const { connectHost: host, connectPort: port } = this.options
    const addresses = this.#addresses
    const first = addresses?.[0]
    if (addresses === null || first === undefined) return { host, port }
    if (addresses.length === 1) return { host: first.address, port }
    return {
      host,
      port,
      lookup: (_host, options, done) =>
        options.all === true ? done(null, addresses) : done(null, first.address, first.family)
    }
  }

  /** The address that answered is taken from now on. */
  reached(socket: Socket): void {
    const { remoteAddress: address } = this.#addresses === null ? {} : socket
    if (address !== undefined) this.#addresses = [{ address, family: isIP(address) }]
  }

  /** Nobody answered: the name is resolved anew. */
  notReached(): void {
    this.#addresses = null
  }

  /** How to shake hands; the name that counts is the transport's, whatever stands in between. */
  tlsOptions(): ConnectionOptions {
    const { transport } = this.options
    const { verify, serverName } = transport.tls
    const name = serverName ?? transport.host
    return {
      ...(this.#secureContext === undefined ? {} : { secureContext: this.#secureContext }),
      rejectUnauthorized: verify,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate)
    }
  }

  /** The latest session, when the plan wants it resumed and there is one. */
  sessionOption(): { session?: Buffer } {
    return this.#session === undefined ? {} : { session: this.#session }
  }

  keepSession(session: Buffer): void {
    if (this.options.transport.tls.resume) this.#session = session
  }

  /** Adds to what is known of the peer. */
  observe(seen: Partial<Observed>): void {
    this.observed = { ...(this.observed ?? UNOBSERVED), ...seen }
  }

  /** Keeps the first greeting's text; the ones after it tell nothing new. */
  greeted(reply: ReplyParser): void {
    if (this.observed?.banner === undefined || this.observed.banner === null)
      this.observe({ banner: this.mask(reply.lines()[0]?.slice(4) ?? '') })
  }

  /** Reads an EHLO reply; the same offer gives the same object, which makes what hangs on it cheap to keep. */
  dialect(reply: ReplyParser): Dialect {
    // The first line only greets: with the name of one server of many, a session number, the time of day.
    const capabilities = reply
      .lines()
      .slice(1)
      .map((line) => line.slice(4))
    const offer = capabilities.join('\n')
    if (offer !== this.#offer) {
      this.#offer = offer
      this.#dialect = {
        ...parseDialect(capabilities),
        capabilities: capabilities.map((line) => this.mask(line))
      }
    }
    return this.#dialect
  }

  /** A peer's line made safe to show: no secrets, even when the peer repeats them. */
  mask(text: string): string {
    return cleanSample(this.#redact(text))
  }

  watch(connection: Watched): void {
    this.#watched.add(connection)
    if (this.#sweeper !== null) return
    const everyMs = this.options.timeoutMs / SWEEPS_PER_TIMEOUT
    this.#sweeper = setInterval(
      () => this.#sweep(),
      Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, Math.floor(everyMs)))
    )
  }

  unwatch(connection: Watched): void {
    this.#watched.delete(connection)
    if (this.#watched.size > 0) return
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    this.#sweeper = null
    this.#onEmpty?.()
  }

  /** Resolves when no socket is left; what is still there after `timeoutMs` is cut. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.#watched.size === 0) return
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        for (const connection of this.#watched) connection.destroy()
      }, timeoutMs)
      this.#onEmpty = () => {
        clearTimeout(cut)
        resolve()
      }
    })
  }

  #sweep(): void {
    const now = nowUs()
    for (const connection of this.#watched) connection.sweep(now)
  }
}

function secureContextOf({ transport, caPem }: ClientOptions<SmtpTransport>): SecureContext {
  const { minVersion, maxVersion } = transport.tls
  return createSecureContext({
    minVersion,
    maxVersion,
    ...(caPem === null ? {} : { ca: [...getCACertificates('default'), caPem] })
  })
}
