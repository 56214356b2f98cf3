import { coldTurns, httpTurns, warmTurns } from '../insight/turns.ts'
import type { Plan, Transport } from './plan.ts'

/** What a message takes beside its round trips where nothing is known of the server, ms: that of the sandbox. */
const OTHER_MS = 3

/**
 * Rough time of one message over a transport at the plan's emulated distance, ms: its turns, counted from the plan
 * alone as if the peer offered what the plan would use. Good for telling transports of one plan apart, and how long a run takes.
 */
export function estimatedMessageMs({ emulate, message }: Plan, transport: Transport): number {
  return OTHER_MS + turnsOf(transport, message.to.length) * emulate.rttMs
}

function turnsOf(transport: Transport, recipients: number): number {
  const each = transport.messagesPerConnection ?? Infinity
  const share = 1 / each
  if (transport.protocol === 'http') {
    const secured = transport.url.startsWith('https:')
    const turns = httpTurns(secured ? { version: transport.tls.maxVersion, resumed: false } : null)
    const isNew = !transport.http.keepAlive || each === 1
    return isNew ? turns.cold : turns.warm + (turns.cold - turns.warm) * share
  }
  const shape = {
    pipelining: transport.pipelining === 'auto',
    chunking: transport.chunking === 'auto',
    recipients,
    security: transport.security,
    tlsVersion: transport.tls.maxVersion,
    resumed: false,
    auth: transport.auth?.method ?? 'none',
    initialResponse: transport.auth?.initialResponse ?? true
  } as const
  const [cold, warm] = [coldTurns(shape), warmTurns(shape)]
  return warm + (cold - warm) * share
}
