import type { ProbePort } from '../../shared/probe-record.ts'
import { httpTurns } from '../../shared/turns.ts'
import { openSocket, reasonOf, stateAfter } from './open-socket.ts'
import { unknownPort, type PortTarget } from './smtp-port.ts'
import { seenTls, startTls, tlsWarnings } from './tls-sight.ts'

/** Connects that the round trip time is the least of. */
const RTT_CONNECTS = 3

/** Looks at an API's address: TCP, and for https TLS with the HTTP version that ALPN chooses. No request is sent. */
export async function probeApiAddress(target: PortTarget, isTls: boolean): Promise<ProbePort> {
  const found = unknownPort(target.host, target.port, 'filtered')
  const deadline = AbortSignal.any([target.signal, AbortSignal.timeout(target.timeoutMs)])
  try {
    for (let connects = 0; connects < RTT_CONNECTS; connects++) {
      const [socket, tookMs] = await openSocket(target, deadline)
      found.rttMs = Math.min(found.rttMs ?? Infinity, tookMs)
      if (connects > 0 || !isTls) {
        socket.destroy()
        continue
      }
      found.state = 'other'
      const secure = await startTls(socket, { ...target, alpn: ['h2', 'http/1.1'] })
      found.tls = seenTls(secure, target.host)
      found.alpn = secure.alpnProtocol || null
      found.warnings.push(...tlsWarnings(found.tls, new Date()))
      secure.destroy()
    }
    found.state = 'http'
    const version = found.tls?.version === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2'
    found.turns = httpTurns(isTls ? { version, resumed: false } : null)
    if (!isTls) found.warnings.push('http without TLS: the key crosses the network in the clear')
  } catch (error) {
    target.signal.throwIfAborted()
    if (found.state === 'filtered') found.state = stateAfter(error)
    const reason = reasonOf(error, deadline, target.timeoutMs)
    if (reason !== null) found.warnings.push(reason)
  }
  return found
}
