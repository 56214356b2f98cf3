import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ProbePort } from '../../shared/record/probe-record.ts'
import { coldTurns, warmTurns } from '../../shared/insight/turns.ts'
import { parseExtensions, type Extensions } from '../transports/smtp/extensions.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSocket, whyEnded, SilenceError, stateAfter, type Address, type Patience } from './open-socket.ts'
import { NotSmtpError, type Reply, SmtpTalk } from './smtp-talk.ts'
import { isTlsAlert, seenTls, startTls, tlsProblem, tlsWarnings } from './tls-sight.ts'

export interface PortTarget extends Address, Patience {
  /** Name to show and to verify certificates against. */
  host: string
  caPem: string | null
  /** Name given in EHLO; null for this machine's own. */
  ehloName: string | null
}

/** Port that speaks TLS from the first byte (RFC 8314). */
const IMPLICIT_TLS_PORT = 465
/** Connects that the round trip time is the least of. */
export const RTT_CONNECTS = 3
/** Share of the time limit after which TLS is tried beside the wait for a greeting. */
const GREETING_SHARE = 0.5
/** A greeting that takes longer is worth a word, ms; less where the time limit is short. */
const SLOW_GREETING_MS = 2000

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
    tlsProblem: null,
    alpn: null,
    turns: null,
    warnings: [],
    transcript: []
  }
}

/**
 * Looks at one port as a mail client would, up to where it would log in: greeting, EHLO, STARTTLS, EHLO,
 * QUIT. Never sends more than that.
 */
export function probeSmtpPort(target: PortTarget): Promise<ProbePort> {
  return lookedAt(target, (found) => new PortProbe(target, found).run())
}

/** What a look at a port finds. Failures are findings, too; this rejects only when `target.signal` aborts. */
export async function lookedAt(
  target: PortTarget,
  look: (found: ProbePort) => Promise<void>
): Promise<ProbePort> {
  const found = unknownPort(target.host, target.port, 'filtered')
  try {
    await look(found)
  } catch (error) {
    target.signal.throwIfAborted()
    if (found.state === 'filtered') found.state = stateAfter(error)
    const reason = whyEnded(error)
    if (reason !== null) found.warnings.push(reason)
  }
  return found
}

class PortProbe {
  readonly #target: PortTarget
  readonly #found: ProbePort

  constructor(target: PortTarget, found: ProbePort) {
    this.#target = target
    this.#found = found
  }

  async run(): Promise<void> {
    if (this.#target.port !== IMPLICIT_TLS_PORT) await this.#unknown()
    else {
      const secure = await this.#tryTls(await this.#open())
      if (secure === null) await this.#plaintext(this.#talk(await this.#open()))
      else await this.#implicitTls(secure)
    }
    for (let connects = 1; connects < RTT_CONNECTS; connects++) (await this.#open()).destroy()
  }

  async #open(): Promise<Socket> {
    const [socket, tookMs] = await openSocket(this.#target, this.#target)
    this.#found.rttMs = Math.min(this.#found.rttMs ?? Infinity, tookMs)
    return socket
  }

  #talk(socket: Socket): SmtpTalk {
    const { ehloName, timeoutMs } = this.#target
    return new SmtpTalk(socket, this.#found.transcript, ehloName, timeoutMs)
  }

  /** Waits for a greeting; where none comes in half of the time, TLS is tried beside, and the first to speak wins. */
  async #unknown(): Promise<void> {
    const { timeoutMs, signal } = this.#target
    const talk = this.#talk(await this.#open())
    const greeting = talk.hear()
    greeting.catch(() => undefined)
    const settled = greeting.then(
      () => true,
      (error: unknown) => error instanceof NotSmtpError
    )
    const isSettled = await Promise.race([settled, sleep(timeoutMs * GREETING_SHARE, false, { signal })])
    if (isSettled || talk.hasBegun) return this.#plaintext(talk, greeting)
    // Where no second connection is to be had, the greeting is still waited for on the first.
    const securing = this.#open().then(
      (socket) => this.#tryTls(socket),
      () => null
    )
    const secure = await Promise.race([securing, settled.then((spoke) => (spoke ? null : securing))])
    if (secure !== null) {
      talk.close()
      return this.#implicitTls(secure)
    }
    void securing.then(
      (late) => late?.destroy(),
      () => undefined
    )
    await this.#plaintext(talk, greeting)
  }

  async #plaintext(talk: SmtpTalk, greeting = talk.hear()): Promise<void> {
    if (!(await this.#greet(talk, greeting, 'smtp'))) return talk.quit()
    const before = await this.#ehlo(talk)
    if (before === null) return talk.quit()
    this.#found.capabilities = before.capabilities
    this.#found.starttls = before.starttls
    this.#found.auth = [...before.auth]
    const after = before.starttls ? await this.#upgrade(talk) : null
    if (before.auth.length > 0) {
      this.#found.warnings.push(
        'AUTH is offered without TLS: a password could cross the network in the clear'
      )
    }
    if (!before.starttls)
      this.#found.warnings.push('no STARTTLS: everything crosses the network in the clear')
    this.#countTurns(after === null ? 'none' : 'starttls', after ?? before)
    if (after === null) await talk.quit()
  }

  /** @returns what is offered under TLS; null when it did not start */
  async #upgrade(talk: SmtpTalk): Promise<Extensions | null> {
    const reply = await talk.ask('STARTTLS')
    if (reply.code !== 220) {
      const answer = `${reply.code} ${reply.lines[0] ?? ''}`
      this.#found.tlsProblem = `STARTTLS is offered but answered ${answer}`
      this.#found.warnings.push(this.#found.tlsProblem)
      return null
    }
    if (talk.hasMore) {
      this.#found.warnings.push('plaintext came behind the answer to STARTTLS: someone may be injecting')
    }
    let secure: TLSSocket
    try {
      secure = await this.#secure(talk.release())
    } catch (error) {
      this.#target.signal.throwIfAborted()
      this.#found.tlsProblem = `STARTTLS is offered and fails: ${tlsProblem(error, this.#target.host)}`
      this.#found.warnings.push(this.#found.tlsProblem)
      return null
    }
    const inside = this.#talk(secure)
    const extensions = await this.#ehlo(inside)
    this.#found.capabilitiesAfterTls = extensions?.capabilities ?? []
    this.#found.auth = [...(extensions?.auth ?? [])]
    await inside.quit()
    return extensions
  }

  /** @returns null when TLS is not to be had from the first byte on */
  async #tryTls(socket: Socket): Promise<TLSSocket | null> {
    try {
      return await this.#secure(socket)
    } catch (error) {
      socket.destroy()
      this.#target.signal.throwIfAborted()
      if (error instanceof SilenceError) return null
      // Something came back that is no mail server yet.
      if (this.#found.state === 'filtered') this.#found.state = 'other'
      if (isTlsAlert(error)) {
        this.#found.tlsProblem = `TLS fails: ${tlsProblem(error, this.#target.host)}`
        this.#found.warnings.push(this.#found.tlsProblem)
      }
      return null
    }
  }

  async #implicitTls(secure: TLSSocket): Promise<void> {
    if (this.#found.state === 'filtered') this.#found.state = 'other'
    const talk = this.#talk(secure)
    if (!(await this.#greet(talk, talk.hear(), 'tls-smtp'))) return talk.quit()
    const extensions = await this.#ehlo(talk)
    if (extensions !== null) {
      this.#found.capabilities = extensions.capabilities
      this.#found.auth = [...extensions.auth]
      this.#countTurns('tls', extensions)
    }
    await talk.quit()
  }

  async #secure(socket: Socket): Promise<TLSSocket> {
    const secure = await startTls(socket, this.#target)
    this.#found.tls = seenTls(secure, this.#target.host)
    this.#found.transcript.push(`(${this.#found.tls.version}, ${this.#found.tls.cipher})`)
    this.#found.warnings.push(...tlsWarnings(this.#found.tls, new Date()))
    return secure
  }

  /** @returns false when the server refuses the session, in which it takes nothing but QUIT (RFC 5321 section 3.1) */
  async #greet(talk: SmtpTalk, greeting: Promise<Reply>, state: 'smtp' | 'tls-smtp'): Promise<boolean> {
    const { timeoutMs } = this.#target
    try {
      const { code, lines } = await greeting
      this.#found.state = state
      this.#found.banner = lines[0] ?? ''
      if (talk.heardAfterMs > Math.min(SLOW_GREETING_MS, timeoutMs * GREETING_SHARE)) {
        const seconds = (talk.heardAfterMs / 1000).toFixed(1)
        this.#found.warnings.push(
          `slow greeting: it came after ${seconds} s, as of a server that tests its clients (postscreen) or looks ` +
            'their names up; every new connection pays for it'
        )
      }
      if (code >= 400) this.#found.warnings.push(`the server greets with ${code} and takes no mail`)
      return code < 400
    } catch (error) {
      if (error instanceof NotSmtpError) this.#found.state = 'other'
      else if (this.#found.state === 'filtered' && !(error instanceof SilenceError))
        this.#found.state = 'other'
      throw error
    }
  }

  /** EHLO, or HELO where the server knows nothing newer; null when it takes neither. */
  async #ehlo(talk: SmtpTalk): Promise<Extensions | null> {
    const reply = await talk.ask('EHLO')
    if (reply.code === 250) return parseExtensions(reply.lines.slice(1))
    const old = await talk.ask('HELO')
    if (old.code < 400) return parseExtensions([])
    this.#found.warnings.push(
      `EHLO and HELO are refused: ${old.code} ${old.lines[0] ?? ''}; perhaps the name ${talk.clientName} is not ` +
        'to its liking: give another one (--ehlo-name, ehloName in a plan)'
    )
    return null
  }

  #countTurns(security: 'none' | 'starttls' | 'tls', { pipelining, auth }: Extensions): void {
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
