import type { ExplainEvent } from '../../shared/record/explain-record.ts'
import type { TraceEvent } from '../transports/client.ts'

/**
 * A conversation as records keep it: times are since the send got its slot, turns are numbered.
 * @param emulatedRttUs RTT of a delay link in front of the peer; 0 without one
 */
export function explainEvents(
  trace: readonly TraceEvent[],
  startedUs: number,
  emulatedRttUs: number
): ExplainEvent[] {
  let turns = 0
  return showHandshake(trace, emulatedRttUs).flatMap((event): ExplainEvent[] => {
    const described = describeEvent(event, startedUs, turns)
    if (event.kind === 'waited') turns += event.turns
    return described
  })
}

/**
 * A delay link hides the TCP handshake and shows it in the wait that follows; here it goes back to where it would be:
 * the connection is open a round trip later, and what was said at once was said then.
 */
function showHandshake(trace: readonly TraceEvent[], rttUs: number): TraceEvent[] {
  const connect = trace.findIndex((event) => event.kind === 'waited' && event.phase === 'tcp')
  if (rttUs === 0 || connect === -1) return [...trace]
  const isLate = (event: TraceEvent): boolean => event.kind === 'heard' || event.kind === 'waited'
  const firstHeard = trace.findIndex((event, index) => index > connect && isLate(event))
  const firstWait = trace.findIndex((event, index) => index > connect && event.kind === 'waited')
  return trace.map((event, index) => {
    const isMoved = index >= connect && (index < firstHeard || firstHeard === -1)
    const atUs = isMoved ? event.atUs + rttUs : event.atUs
    if (event.kind !== 'waited') return { ...event, atUs }
    const movedUs = index === connect ? rttUs : index === firstWait ? -rttUs : 0
    return { ...event, atUs, waitedUs: Math.max(0, event.waitedUs + movedUs) }
  })
}

/** @param turnsBefore turns that were over before this event */
function describeEvent(event: TraceEvent, startedUs: number, turnsBefore: number): ExplainEvent[] {
  const atMs = (event.atUs - startedUs) / 1000
  const plain = { atMs, phase: null, turn: null, waitedMs: null }
  switch (event.kind) {
    case 'sent':
    case 'heard':
      return event.text
        .split(/\r?\n/)
        .map((text) => ({ ...plain, kind: event.kind, phase: event.phase, text }))
    case 'waited':
      return describeWait(event, atMs, turnsBefore)
    case 'tls': {
      const how = event.resumed ? 'resumed' : 'full handshake'
      return [{ ...plain, kind: 'tls', phase: 'tls', text: `${event.version} ${event.cipher}, ${how}` }]
    }
    case 'connected':
    case 'closed':
      return [{ ...plain, kind: event.kind, text: event.kind }]
  }
}

/** An event for each turn of a wait; they share its time evenly. A name lookup is a wait without a turn. */
function describeWait(
  { phase, waitedUs, turns }: Extract<TraceEvent, { kind: 'waited' }>,
  atMs: number,
  turnsBefore: number
): ExplainEvent[] {
  const wait = { kind: 'turn', phase, text: phase } as const
  if (turns === 0) return phase === 'dns' ? [{ ...wait, atMs, turn: null, waitedMs: waitedUs / 1000 }] : []
  const waitedMs = waitedUs / 1000 / turns
  return Array.from({ length: turns }, (_, index) => ({
    ...wait,
    atMs: atMs - (turns - 1 - index) * waitedMs,
    turn: turnsBefore + index + 1,
    waitedMs
  }))
}
