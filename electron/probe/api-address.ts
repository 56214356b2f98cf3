import type { ProbePort } from '../../shared/record/probe-record.ts'
import { httpTurns } from '../../shared/insight/turns.ts'
import { openSocket } from './open-socket.ts'
import { lookedAt, RTT_CONNECTS, type PortTarget } from './smtp-port.ts'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { seenTls, startTls, tlsProblem, tlsWarnings } from './tls-sight.ts'

/** Looks at an API's address: TCP, and for https TLS with the HTTP version that ALPN chooses. No request is sent. */
export function probeApiAddress(target: PortTarget, isTls: boolean): Promise<ProbePort> {
  return lookedAt(target, async (found) => {
    for (let connects = 0; connects < RTT_CONNECTS; connects++) {
      const [socket, tookMs] = await openSocket(target, target)
      found.rttMs = Math.min(found.rttMs ?? Infinity, tookMs)
      if (connects > 0 || !isTls) {
        socket.destroy()
        continue
      }
      found.state = 'other'
      const secure = await secured(socket, target, found)
      if (secure === null) return
      found.tls = seenTls(secure, target.host)
      found.alpn = secure.alpnProtocol || null
      found.warnings.push(...tlsWarnings(found.tls, new Date()))
      secure.destroy()
    }
    found.state = 'http'
    const version = found.tls?.version === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2'
    found.turns = httpTurns(isTls ? { version, resumed: false } : null)
    if (!isTls) found.warnings.push('http without TLS: the key crosses the network in the clear')
  })
}

/** @returns null when TLS fails, with the reason in the finding */
async function secured(socket: Socket, target: PortTarget, found: ProbePort): Promise<TLSSocket | null> {
  try {
    return await startTls(socket, { ...target, alpn: ['h2', 'http/1.1'] })
  } catch (error) {
    target.signal.throwIfAborted()
    socket.destroy()
    found.tlsProblem = `TLS fails: ${tlsProblem(error, target.host)}`
    found.warnings.push(found.tlsProblem)
    return null
  }
}
