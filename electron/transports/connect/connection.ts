import type { LookupAddress } from 'node:dns'
import { EventEmitter } from 'node:events'
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls'
import type { Phase } from '../../../shared/record/words.ts'
import { nowUs } from '../clock.ts'
import type { ConnectionStats, Observed, TraceEvent } from '../client.ts'
import { AddressRace } from './address-race.ts'
import { closedFailure, failed, type Failure, socketFailure, timeoutFailure } from './failure.ts'
import { allowedAddresses, notLocal } from './allowed-address.ts'
import { type Family, interleaved, type Lookup } from './resolver.ts'
import type { Sweeper, Timed } from './sweeper.ts'
import type { TcpSight, TcpWatch } from './tcp-sight.ts'
import { type Alpn, handshakeTurns, NO_H2, NO_PROTOCOL, observedTls } from './tls.ts'

/** Hears how a connection comes to be. After `opened` or `failed` nothing more is said; never from inside `open`. */
export interface ConnectionListener {
  /** A phase has begun; what follows is waiting. The first one begins inside `open`. */
  entered(phase: Phase, sinceUs: number): void
  /** A phase is over. `turns` is 0 for a lookup. */
  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void
  opened(socket: Socket, connection: Connection): void
  /** In the phase that was entered last, whose wait nobody has booked yet. */
  failed(failure: Failure): void
}

/** What the connections of one client share. */
export interface ConnectionShared {
  readonly host: string
  readonly port: number
  readonly family: Family
  readonly timeoutMs: number
  readonly lookup: Lookup
  /** Where the host is an address itself: nothing is looked up. */
  readonly literal: readonly LookupAddress[] | null
  readonly stats: ConnectionStats
  readonly sweeper: Sweeper
  readonly tcp: TcpSight
  readonly trace: ((event: TraceEvent) => void) | undefined
  readonly alpn: Alpn | null
  /** Parts of answers are acknowledged at once, for a peer that holds back the rest until then. */
  readonly hurries: boolean
  tlsOptions(): ConnectionOptions
  keepSession(session: Buffer): void
  observe(seen: Partial<Observed>): void
  /** Nothing of a connection is left. */
  gone(connection: Connection): void
}

/** How one connection is opened. */
export interface OpenOptions {
  /** TLS begins with the connection. */
  secure: boolean
  /** Reads go into this buffer; undefined where the socket streams as usual. */
  onread: OnReadOpts | undefined
  /** Not a part of the load (preflight): it has no number and is in no count. */
  uncounted: boolean
}

/** A stream's own `removeAllListeners` would look once more whether somebody reads it. */
function forgetListeners(socket: Socket): void {
  EventEmitter.prototype.removeAllListeners.call(socket)
  socket.on('error', ignore)
}

const ignore = (): void => undefined

/** One connection from the lookup of its peer's name to its close. */
export class Connection implements Timed {
  /** Number within its client, from 1; 0 until it is open, and for one that is not counted. */
  number = 0
  /** Null until TCP is connected. */
  socket: Socket | null = null
  /** What TCP does below it; null until it is connected. */
  tcp: TcpWatch | null = null
  /** Turns that its latest TLS handshake took; 0 without one. */
  tlsTurns = 0
  readonly #shared: ConnectionShared
  readonly #options: OpenOptions
  /** Null once there is nothing more to say. */
  #listener: ConnectionListener | null
  #race: AddressRace | null = null
  #phase: Phase = 'dns'
  #phaseUs = 0
  #isCounted = false
  #isGone = false
  #isAskedLast = false

  constructor(shared: ConnectionShared, listener: ConnectionListener, options: OpenOptions) {
    this.#shared = shared
    this.#listener = listener
    this.#options = options
    shared.sweeper.add(this)
    this.#lookUp()
  }

  /** Shakes hands over the open connection (STARTTLS); `opened` tells when that is done. */
  secure(listener: ConnectionListener): void {
    const plain = this.socket
    if (plain === null) return
    this.#listener = listener
    this.#shared.sweeper.add(this)
    const socket = connectTls({ ...this.#shared.tlsOptions(), socket: plain })
    this.#adopt(socket)
    this.#shakeHands(socket)
  }

  /**
   * This side lets go: the connection counts as open no more.
   * @param isOver false where something is still said on it (QUIT): TCP is asked when it is gone
   */
  release(isOver = true): void {
    if (!this.#isCounted) return
    this.#isCounted = false
    if (isOver) this.#askLast()
    this.#shared.stats.open--
  }

  /** Cuts the connection, open or not, without a word to its listener. */
  destroy(): void {
    this.#end()
    this.release()
    this.#askLast()
    this.#race?.stop()
    if (this.socket === null) this.#gone()
    else this.socket.destroy()
  }

  /** Cuts an opening that waits too long. */
  sweep(now: number): void {
    const { timeoutMs } = this.#shared
    if (now - this.#phaseUs > timeoutMs * 1000) this.#fail(timeoutFailure(this.#phase, timeoutMs))
  }

  #lookUp(): void {
    const { host, family, literal, lookup } = this.#shared
    if (literal !== null) return this.#connect(literal)
    this.#enter('dns')
    lookup(host, family, (error, addresses) => {
      if (this.#listener === null) return
      if (error !== null) return this.#fail(this.#failure(error))
      this.#pass(0)
      const allowed = allowedAddresses(host, addresses)
      if (allowed.length > 0) return this.#connect(interleaved(allowed))
      this.#enter('tcp')
      // Never from inside `open`.
      process.nextTick(() => this.#fail(notLocal(host, addresses)))
    })
  }

  #connect(addresses: readonly LookupAddress[]): void {
    this.#enter('tcp')
    this.#race = new AddressRace(addresses, (address) => this.#start(address), {
      won: (socket, startedUs) => this.#connected(socket, startedUs),
      lost: (error) => this.#fail(this.#failure(error))
    })
  }

  #start(host: string): Socket {
    const { port } = this.#shared
    const { onread, secure } = this.#options
    const target = { host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) }
    return secure ? connectTls({ ...this.#shared.tlsOptions(), ...target }) : connectTcp(target)
  }

  #connected(socket: Socket, startedUs: number): void {
    const { stats, trace } = this.#shared
    const now = nowUs()
    this.#race = null
    this.#adopt(socket)
    stats.leastConnectUs = Math.min(stats.leastConnectUs, now - startedUs)
    this.tcp = this.#shared.tcp.watch(socket)
    this.tcp.connected(now - startedUs)
    this.#pass(1)
    trace?.({ kind: 'connected', atUs: now })
    if (!(socket instanceof TLSSocket)) return this.#open(socket)
    // The handshake begins behind this event: only when its first message has left does the peer let this side wait.
    process.nextTick(() => {
      if (this.#listener !== null) this.#shakeHands(socket)
    })
  }

  #shakeHands(socket: TLSSocket): void {
    this.#enter('tls')
    socket.on('session', (session) => {
      this.#shared.keepSession(session)
      this.tcp?.partHeard(nowUs(), this.#shared.hurries)
    })
    socket.once('secureConnect', () => {
      if (this.#listener === null) return
      this.tlsTurns = handshakeTurns(socket)
      this.#pass(this.tlsTurns)
      // Before TLS 1.3 the server has the last word of a full handshake, and what it says next may wait for its acknowledgement.
      if (this.tlsTurns === 2) this.tcp?.partHeard(nowUs(), this.#shared.hurries)
      if (this.#shared.alpn === 'h2' && socket.alpnProtocol !== 'h2') this.#fail(failed('ALPN', 'tls', NO_H2))
      else this.#open(socket)
    })
  }

  #open(socket: Socket): void {
    const { stats, trace } = this.#shared
    const listener = this.#listener
    this.#end()
    if (this.number === 0 && !this.#options.uncounted) {
      this.#isCounted = true
      this.number = ++stats.opened
      stats.open++
      stats.maxOpen = Math.max(stats.maxOpen, stats.open)
    }
    const seen: Partial<Observed> = socket instanceof TLSSocket ? observedTls(socket) : {}
    this.#shared.observe(seen)
    if (seen.tls) {
      const { version, cipher, resumed } = seen.tls
      trace?.({ kind: 'tls', atUs: nowUs(), version, cipher, resumed })
    }
    listener?.opened(socket, this)
  }

  #adopt(socket: Socket): void {
    this.socket = socket
    // A plain socket below a TLS one has nothing more to tell: whatever happens to it, the upper one tells too.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.socket === socket) this.#fail(this.#failure(error))
    })
    socket.on('close', () => {
      if (this.socket !== socket) return
      this.#fail(closedFailure(this.#phase))
      this.#gone()
      // A socket outlives its end until old space is swept, and all that listens to it with it; a library's are its own.
      if (this.#options.onread !== undefined) forgetListeners(socket)
    })
  }

  #failure(error: NodeJS.ErrnoException): Failure {
    const { host, port, alpn } = this.#shared
    if (error.code === NO_PROTOCOL) return failed('ALPN', 'tls', alpn === 'h2' ? NO_H2 : error.message)
    const name = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
    return socketFailure(error, this.#phase, name, this.#phase === 'tls' && !this.#options.secure)
  }

  #fail(failure: Failure): void {
    const listener = this.#listener
    if (listener === null) return
    this.destroy()
    listener.failed(failure)
  }

  /** What TCP did until the end; once. */
  #askLast(): void {
    if (this.#isAskedLast) return
    this.#isAskedLast = true
    this.tcp?.closing()
  }

  #end(): void {
    this.#listener = null
    this.#shared.sweeper.delete(this)
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.release()
    this.#shared.trace?.({ kind: 'closed', atUs: nowUs() })
    this.#shared.gone(this)
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#phaseUs = nowUs()
    this.#listener?.entered(phase, this.#phaseUs)
  }

  #pass(turns: number): void {
    const untilUs = nowUs()
    const waitedUs = untilUs - this.#phaseUs
    if (this.#phase === 'tls') this.tcp?.waited(null, this.#phaseUs, untilUs, 0)
    this.#shared.trace?.({ kind: 'waited', atUs: untilUs, phase: this.#phase, waitedUs, turns })
    this.#listener?.passed(this.#phase, this.#phaseUs, untilUs, turns)
  }
}
