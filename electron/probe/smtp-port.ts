import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ProbePort } from '../../shared/probe-record.ts'
import { coldTurns, warmTurns } from '../../shared/turns.ts'
import { parseDialect, type Dialect } from '../transports/smtp/dialect.ts'
import { openSocket, reasonOf, stateAfter, type Address } from './open-socket.ts'
import { NotSmtpError, SmtpTalk } from './smtp-talk.ts'
import { seenTls, startTls, tlsWarnings } from './tls-sight.ts'

export interface PortTarget extends Address {
  /** Name to show and to verify certificates against. */
  host: string
  caPem: string | null
  timeoutMs: number
  signal: AbortSignal
}

/** Port that speaks TLS from the first byte (RFC 8314). */
const IMPLICIT_TLS_PORT = 465
/** Connects that the round trip time is the least of. */
const RTT_CONNECTS = 3
/** Share of the time limit in which a server must have greeted before TLS is tried on its port. */
const GREETING_SHARE = 0.5

/** What is known of a port before it is looked at. */
export function unknownPort(host: string, port: number, state: ProbePort['state']): ProbePort {
  return {
    port,
    host,
    state,
    rttMs: null,
    banner: null,
    capabilities: [],
    capabilitiesAfterTls: [],
    starttls: false,
    auth: [],
    tls: null,
    alpn: null,
    turns: null,
    warnings: [],
    transcript: []
  }
}

/**
 * Looks at one port as a mail client would, up to where it would log in: greeting, EHLO, STARTTLS, EHLO,
 * QUIT. Never sends more than that. Failures are findings; this rejects only when `target.signal` aborts.
 */
export async function probeSmtpPort(target: PortTarget): Promise<ProbePort> {
  const found = unknownPort(target.host, target.port, 'filtered')
  const deadline = AbortSignal.any([target.signal, AbortSignal.timeout(target.timeoutMs)])
  try {
    await new PortProbe(target, found, deadline).run()
  } catch (error) {
    target.signal.throwIfAborted()
    if (found.state === 'filtered') found.state = stateAfter(error)
    const reason = reasonOf(error, deadline, target.timeoutMs)
    if (reason !== null) found.warnings.push(reason)
  }
  return found
}

class PortProbe {
  readonly #target: PortTarget
  readonly #found: ProbePort
  readonly #deadline: AbortSignal

  constructor(target: PortTarget, found: ProbePort, deadline: AbortSignal) {
    this.#target = target
    this.#found = found
    this.#deadline = deadline
  }

  async run(): Promise<void> {
    const order =
      this.#target.port === IMPLICIT_TLS_PORT
        ? [() => this.#implicitTls(), () => this.#plaintext()]
        : [() => this.#plaintext(), () => this.#implicitTls()]
    for (const attempt of order) if (await attempt()) break
    for (let connects = 1; connects < RTT_CONNECTS; connects++) (await this.#open()).destroy()
  }

  async #open(): Promise<Socket> {
    const [socket, tookMs] = await openSocket(this.#target, this.#deadline)
    this.#found.rttMs = Math.min(this.#found.rttMs ?? Infinity, tookMs)
    return socket
  }

  /** @returns false when the server says nothing, as one does that waits for TLS */
  async #plaintext(): Promise<boolean> {
    const socket = await this.#open()
    const talk = new SmtpTalk(socket, this.#found.transcript)
    const patience = setTimeout(() => socket.destroy(), this.#target.timeoutMs * GREETING_SHARE)
    let isWelcome: boolean
    try {
      isWelcome = await this.#greet(talk, 'smtp')
    } catch (error) {
      if (error instanceof NotSmtpError) return true
      if (this.#deadline.aborted) throw error
      return false
    } finally {
      clearTimeout(patience)
    }
    if (!isWelcome) {
      talk.quit()
      return true
    }
    const before = await this.#ehlo(talk)
    this.#found.capabilities = before.capabilities
    this.#found.starttls = before.starttls
    this.#found.auth = [...before.auth]
    const after = before.starttls ? await this.#upgrade(talk) : null
    if (after === null) talk.quit()
    if (before.auth.length > 0) {
      this.#found.warnings.push(
        'AUTH is offered without TLS: a password could cross the network in the clear'
      )
    }
    if (!before.starttls)
      this.#found.warnings.push('no STARTTLS: everything crosses the network in the clear')
    this.#countTurns(after === null ? 'none' : 'starttls', after ?? before)
    return true
  }

  /** @returns what is offered under TLS; null when the server would not start it */
  async #upgrade(talk: SmtpTalk): Promise<Dialect | null> {
    const reply = await talk.ask('STARTTLS')
    if (reply.code !== 220) {
      this.#found.warnings.push(`STARTTLS is offered but answered ${reply.code} ${reply.lines[0] ?? ''}`)
      return null
    }
    if (talk.hasMore) {
      this.#found.warnings.push('plaintext came behind the answer to STARTTLS: someone may be injecting')
    }
    const secure = await this.#secure(talk.release())
    const inside = new SmtpTalk(secure, this.#found.transcript)
    const dialect = await this.#ehlo(inside)
    this.#found.capabilitiesAfterTls = dialect.capabilities
    this.#found.auth = [...dialect.auth]
    inside.quit()
    return dialect
  }

  /** @returns false when there is no TLS here */
  async #implicitTls(): Promise<boolean> {
    const socket = await this.#open()
    let secure: TLSSocket
    try {
      secure = await this.#secure(socket)
    } catch (error) {
      socket.destroy()
      if (this.#deadline.aborted) throw error
      // Something came back, or the attempt would have run into the time limit.
      this.#found.state = 'other'
      return false
    }
    this.#found.state = 'other'
    const talk = new SmtpTalk(secure, this.#found.transcript)
    if (!(await this.#greet(talk, 'tls-smtp'))) {
      talk.quit()
      return true
    }
    const dialect = await this.#ehlo(talk)
    talk.quit()
    this.#found.capabilities = dialect.capabilities
    this.#found.auth = [...dialect.auth]
    this.#countTurns('tls', dialect)
    return true
  }

  async #secure(socket: Parameters<typeof startTls>[0]): Promise<TLSSocket> {
    const secure = await startTls(socket, this.#target)
    this.#found.tls = seenTls(secure, this.#target.host)
    this.#found.transcript.push(`(${this.#found.tls.version}, ${this.#found.tls.cipher})`)
    this.#found.warnings.push(...tlsWarnings(this.#found.tls, new Date()))
    return secure
  }

  /** @returns false when the server refuses the session, in which it takes nothing but QUIT (RFC 5321 section 3.1) */
  async #greet(talk: SmtpTalk, state: 'smtp' | 'tls-smtp'): Promise<boolean> {
    try {
      const { code, lines } = await talk.hear()
      this.#found.state = state
      this.#found.banner = lines[0] ?? ''
      if (code >= 400) this.#found.warnings.push(`the server greets with ${code} and takes no mail`)
      return code < 400
    } catch (error) {
      if (error instanceof NotSmtpError) this.#found.state = 'other'
      throw error
    }
  }

  /** EHLO, or HELO where the server knows nothing newer. */
  async #ehlo(talk: SmtpTalk): Promise<Dialect> {
    const reply = await talk.ask('EHLO')
    if (reply.code === 250) return parseDialect(reply.lines.slice(1))
    const old = await talk.ask('HELO')
    if (old.code >= 400)
      this.#found.warnings.push(`EHLO and HELO are refused: ${old.code} ${old.lines[0] ?? ''}`)
    return parseDialect([])
  }

  #countTurns(security: 'none' | 'starttls' | 'tls', { pipelining, auth }: Dialect): void {
    const envelope = { pipelining, chunking: false, recipients: 1 }
    this.#found.turns = {
      cold: coldTurns({
        ...envelope,
        security,
        tlsVersion: this.#found.tls?.version === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
        resumed: false,
        auth: auth.length > 0 ? 'plain' : 'none',
        initialResponse: true
      }),
      warm: warmTurns(envelope)
    }
  }
}
