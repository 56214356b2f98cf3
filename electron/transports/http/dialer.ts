import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  TLSSocket
} from 'node:tls'
import type { HttpTransport } from '../../../shared/plan.ts'
import type { Phase } from '../../../shared/words.ts'
import type { ClientOptions, ConnectionStats, Observed } from '../client.ts'
import { nowUs } from '../clock.ts'
import { closedFailure, type Failure, socketFailure } from '../smtp/failure.ts'
import { handshakeTurns } from '../socket-meter.ts'

/** Hears how a connection comes to be. After `opened` or `dialFailed` nothing more is said. */
export interface DialListener {
  /** A phase has begun; what follows is waiting. */
  dialing(phase: Phase): void
  /** A phase is over. */
  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void
  opened(socket: Socket): void
  /** In the phase that was begun last. */
  dialFailed(socket: Socket, code: string, message: string): void
}

export type DialOptions = Pick<
  ClientOptions<HttpTransport>,
  'transport' | 'connectHost' | 'connectPort' | 'caPem' | 'trace'
>

/** Opens a client's connections: names, TCP without delay, TLS with the plan's demands and one shared session. */
export class Dialer {
  /** What the latest connection showed; `banner` is filled in by whoever reads answers. */
  observed: Observed | null = null
  readonly #options: DialOptions
  readonly #stats: ConnectionStats
  readonly #alpn: string
  readonly #tls: ConnectionOptions | null
  readonly #sockets = new Set<Socket>()
  #session: Buffer | undefined

  /** @param alpn protocol that is offered over TLS; `h2` is also demanded */
  constructor(options: DialOptions, stats: ConnectionStats, alpn: 'http/1.1' | 'h2') {
    this.#options = options
    this.#stats = stats
    this.#alpn = alpn
    this.#tls = new URL(options.transport.url).protocol === 'https:' ? tlsOptions(options, alpn) : null
  }

  dial(listener: DialListener, onread?: OnReadOpts): Socket {
    const { connectHost: host, connectPort: port, trace } = this.#options
    const target = { host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) }
    const socket =
      this.#tls === null
        ? connect(target)
        : connectTls({ ...target, ...this.#tls, ...(this.#session ? { session: this.#session } : {}) })
    this.#sockets.add(socket)

    let phase: Phase = isIP(host) === 0 ? 'dns' : 'tcp'
    let phaseUs = nowUs()
    let attemptUs = 0
    let over = false
    const enter = (next: Phase): void => {
      phase = next
      phaseUs = nowUs()
      listener.dialing(next)
    }
    const leave = (turns: number): void => {
      const untilUs = nowUs()
      trace?.({ kind: 'waited', atUs: untilUs, phase, waitedUs: untilUs - phaseUs, turns })
      listener.dialed(phase, phaseUs, untilUs, turns)
    }
    const fail = (code: string, message: string): void => {
      if (over) return
      over = true
      socket.destroy()
      listener.dialFailed(socket, code, message)
    }
    const finish = (): void => {
      if (over) return
      over = true
      socket.off('error', onError)
      this.#stats.opened++
      this.#stats.open++
      this.#stats.maxOpen = Math.max(this.#stats.maxOpen, this.#stats.open)
      this.#observe(socket)
      listener.opened(socket)
    }
    const report = (failure: Failure): void => fail(failure.code, failure.sample)
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === NO_PROTOCOL) fail('ALPN', this.#alpn === 'h2' ? NO_H2 : error.message)
      else report(socketFailure(withMessage(error), phase, `${host}:${port}`))
    }

    listener.dialing(phase)
    socket.on('error', onError)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      trace?.({ kind: 'closed', atUs: nowUs() })
      report(closedFailure(phase))
    })
    socket.on('connectionAttempt', () => {
      if (phase === 'dns') leave(0)
      // A name may have several addresses: all attempts are waited for, the last one is the round trip.
      if (attemptUs === 0) enter('tcp')
      attemptUs = nowUs()
    })
    socket.once('connect', () => {
      this.#stats.leastConnectUs = Math.min(this.#stats.leastConnectUs, nowUs() - attemptUs)
      leave(1)
      trace?.({ kind: 'connected', atUs: nowUs() })
      if (this.#tls === null) finish()
      else enter('tls')
    })
    if (socket instanceof TLSSocket) {
      socket.on('session', (session) => {
        if (this.#options.transport.tls.resume) this.#session = session
      })
      socket.once('secureConnect', () => {
        leave(handshakeTurns(socket))
        if (this.#alpn === 'h2' && socket.alpnProtocol !== 'h2') fail('ALPN', NO_H2)
        else finish()
      })
    }
    return socket
  }

  /** Forgets a connection that was opened here: it counts as open no more. */
  released(): void {
    this.#stats.open--
  }

  /** Resolves when no socket is left; cuts what is left after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    const sockets = [...this.#sockets]
    if (sockets.length === 0) return
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), timeoutMs)
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    clearTimeout(timer)
  }

  #observe(socket: Socket): void {
    const tls =
      socket instanceof TLSSocket
        ? {
            version: socket.getProtocol() ?? '',
            cipher: socket.getCipher().name,
            resumed: socket.isSessionReused(),
            verified: socket.authorized
          }
        : null
    const alpn = socket instanceof TLSSocket && socket.alpnProtocol ? socket.alpnProtocol : null
    this.observed = { banner: this.observed?.banner ?? null, capabilities: [], tls, alpn }
    if (tls !== null) {
      const { version, cipher, resumed } = tls
      this.#options.trace?.({ kind: 'tls', atUs: nowUs(), version, cipher, resumed })
    }
  }
}

/** The alert of a server that has none of the offered protocols (RFC 7301, section 3.2). */
const NO_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
const NO_H2 = 'the server does not offer HTTP/2 (h2) by ALPN; use "http": { "version": "1.1" }'

function tlsOptions(options: DialOptions, alpn: string): ConnectionOptions {
  const { tls, url } = options.transport
  const name = tls.serverName ?? new URL(url).hostname.replace(/^\[|\]$/g, '')
  return {
    secureContext: createSecureContext({
      minVersion: tls.minVersion,
      maxVersion: tls.maxVersion,
      ...(options.caPem === null ? {} : { ca: [...getCACertificates('default'), options.caPem] })
    }),
    rejectUnauthorized: tls.verify,
    ALPNProtocols: [alpn],
    ...(isIP(name) === 0 ? { servername: name } : {}),
    // A delay link may stand in between: the name to verify is the plan's, not the one connected to.
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate)
  }
}

/** An error that stands for several attempts (one per address) has no words of its own: it gets theirs. */
function withMessage(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  if (error instanceof AggregateError && error.message === '') {
    error.message = (error.errors as Error[]).map(({ message }) => message).join('; ')
  }
  return error
}
