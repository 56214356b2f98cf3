import type { LookupAddress } from 'node:dns'
import { isIP, type OnReadOpts } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { type ClientOptions, ConnectionStats, type Observed } from '../client.ts'
import { Connection, type ConnectionListener, type ConnectionShared } from './connection.ts'
import { type Family, type Lookup, systemLookup } from './resolver.ts'
import { Sweeper } from './sweeper.ts'
import { TcpSight } from './tcp-sight.ts'
import { type Alpn, tlsOptions } from './tls.ts'

/** Bytes of one read. Reads are handled before the next begins, so that all connections share one buffer. */
const READ_BUFFER_BYTES = 64 * 1024
const UNOBSERVED: Observed = { banner: null, capabilities: [], tls: null, alpn: null }

/** What a protocol and a client want of their connections. */
export interface ConnectorTerms {
  /** `at-once`: TLS begins with the connection; `later`: the protocol asks for it (STARTTLS). */
  tls: 'none' | 'at-once' | 'later'
  /** The name that the certificate must be for, where the plan says nothing else. */
  name: string
  alpn: Alpn | null
  /** Sessions are resumed when the plan wants it. */
  resumes: boolean
  /** Parts of answers are acknowledged at once: what a library does by itself is left as it is. */
  hurries: boolean
  /** How names are looked up where the options say nothing else. */
  lookup?: Lookup
}

/**
 * The one way of a client onto the network: names, addresses, TCP without delay, TLS with the plan's demands and one
 * shared session; what was opened, what is open, and until when one waits.
 */
export class Connector implements ConnectionShared {
  readonly host: string
  readonly port: number
  readonly family: Family
  readonly timeoutMs: number
  readonly lookup: Lookup
  readonly literal: readonly LookupAddress[] | null
  readonly alpn: Alpn | null
  readonly hurries: boolean
  readonly trace: ClientOptions['trace']
  readonly stats: ConnectionStats
  readonly tcp: TcpSight
  /** Looks at everything of this client that may wait too long. */
  readonly sweeper: Sweeper
  /** What the connections of wire clients read into. */
  readonly readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES)
  /** What the latest connection showed; whoever hears the peer adds to it. */
  observed: Observed | null = null
  readonly #isSecure: boolean
  readonly #resumes: boolean
  readonly #tls: ConnectionOptions
  readonly #connections = new Set<Connection>()
  #session: Buffer | undefined
  #onDrained: (() => void) | null = null

  constructor(options: ClientOptions, terms: ConnectorTerms) {
    const { transport, caPem, timeoutMs, sendTimeoutMs = null } = options
    this.host = options.connectHost
    this.port = options.connectPort
    this.family = transport.family ?? 0
    this.timeoutMs = timeoutMs
    this.lookup = options.lookup ?? terms.lookup ?? systemLookup
    const version = isIP(this.host)
    this.literal = version === 0 ? null : [{ address: this.host, family: version }]
    this.alpn = terms.alpn
    this.hurries = terms.hurries
    this.trace = options.trace
    this.tcp = new TcpSight(options.link ?? null)
    this.stats = { ...new ConnectionStats(), tcp: this.tcp.seen }
    this.sweeper = new Sweeper(Math.min(timeoutMs, sendTimeoutMs ?? Infinity))
    this.#isSecure = terms.tls === 'at-once'
    this.#resumes = terms.resumes && transport.tls.resume
    this.#tls =
      terms.tls === 'none'
        ? {}
        : tlsOptions(transport.tls, transport.tls.serverName ?? terms.name, caPem, terms.alpn)
  }

  /** Opens a connection. @param onread what reads go into; left out, the socket streams as usual */
  open(listener: ConnectionListener, onread?: OnReadOpts): Connection {
    return this.#open(listener, false, onread)
  }

  /** Opens a connection that is no part of the load: it is in no count. */
  openUncounted(listener: ConnectionListener, onread?: OnReadOpts): Connection {
    return this.#open(listener, true, onread)
  }

  /** Adds to what is known of the peer. */
  observe(seen: Partial<Observed>): void {
    this.observed = Object.assign(this.observed ?? { ...UNOBSERVED }, seen)
  }

  tlsOptions(): ConnectionOptions {
    return this.#session === undefined ? this.#tls : { ...this.#tls, session: this.#session }
  }

  keepSession(session: Buffer): void {
    if (this.#resumes) this.#session = session
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onDrained?.()
  }

  /** Resolves when no socket is left; what is still there after `timeoutMs` is cut. */
  async drained(timeoutMs: number): Promise<void> {
    if (this.#connections.size > 0) await this.#untilGone(timeoutMs)
    this.tcp.close()
  }

  async #untilGone(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy()
      }, timeoutMs)
      const before = this.#onDrained
      this.#onDrained = () => {
        clearTimeout(cut)
        before?.()
        resolve()
      }
    })
  }

  #open(listener: ConnectionListener, uncounted: boolean, onread: OnReadOpts | undefined): Connection {
    const connection = new Connection(this, listener, { secure: this.#isSecure, uncounted, onread })
    this.#connections.add(connection)
    return connection
  }
}
