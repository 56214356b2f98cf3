import type { ExplainRecord } from '../record/explain-record.ts'
import type { PhaseRecord, RunRecord, TransportRecord } from '../record/run-record.ts'
import { latencyModel } from './what-if.ts'
import { windowRounds } from './window-rounds.ts'
import { PHASE_INDEX, type Phase } from '../record/words.ts'

/** One turn of a message. */
export interface Turn {
  phase: Phase
  /** What stands on its block: the command as it is spoken, or the phase. */
  name: string
  /** How many turns the block stands for; more than 1 only where there are too many to draw. */
  turns: number
  /** Mean, p50 and p99 of the wait, ms; of the whole phase where it has several turns. */
  meanMs: number
  p50: number
  p99: number
}

/** What one message of a transport waits for, in order. */
export interface TurnRow {
  label: string
  turns: Turn[]
  rttMs: number
  /** From when it was due to when it got its slot; before the first turn. */
  queueMs: number
  /** Names into addresses. */
  lookupMs: number
  /** What the content takes to leave beyond its first flight. */
  transferMs: number
  serverMs: number
  clientMs: number
  /** All of it: the mean response time. */
  totalMs: number
}

/** A phase with more turns than this is one block. */
const MOST_BLOCKS_PER_PHASE = 8

const NAMES: Readonly<Record<Phase, string>> = {
  dns: 'DNS',
  tcp: 'TCP',
  greeting: 'greeting',
  ehlo: 'EHLO',
  starttls: 'STARTTLS',
  tls: 'TLS',
  auth: 'AUTH',
  mail: 'MAIL',
  rcpt: 'RCPT',
  envelope: 'envelope',
  data: 'DATA',
  content: 'content',
  quit: 'QUIT',
  request: 'request',
  wait: 'POST',
  response: 'response'
}

/**
 * Rows of the turn chart: one for each transport that accepted anything and whose RTT is known.
 * @param rttMs the distance to draw them at; as measured without one
 */
export function rowsFromRecord(
  record: Pick<RunRecord, 'transports'>,
  rttMs: number | null = null
): TurnRow[] {
  return record.transports.flatMap((transport) => {
    const row = rowOf(transport)
    if (row === null) return []
    return [rttMs === null ? row : rowAt(row, transport, rttMs)]
  })
}

/** Rows of the turn chart for transports that were measured from several places: one for each place, by its own figures. */
export function rowsFromPlaces({ transports }: Pick<RunRecord, 'transports'>): TurnRow[] {
  return transports.flatMap((transport) =>
    transport.places.flatMap(({ place, ...figures }): TurnRow[] => {
      const row = rowOf({ ...transport, ...figures })
      // Phases are known of the whole alone: a turn is as much longer or shorter as the place's round trip is.
      const whole = rowOf(transport)
      if (row === null || whole === null) return []
      const turns = rowAt(whole, transport, row.rttMs).turns
      return [{ ...row, label: `${transport.name}, ${place}`, turns }]
    })
  )
}

/** The same message at another distance: every round trip is longer or shorter, the server and this machine are not. */
function rowAt(row: TurnRow, transport: TransportRecord, rttMs: number): TurnRow {
  const fartherMs = rttMs - row.rttMs
  const model = latencyModel(transport)
  const moved = (ms: number, roundTrips: number): number => Math.max(0, ms + roundTrips * fartherMs)
  return {
    ...row,
    rttMs,
    turns: row.turns.map((turn) => ({
      ...turn,
      meanMs: moved(turn.meanMs, turn.turns),
      p50: moved(turn.p50, turn.turns),
      p99: moved(turn.p99, turn.turns)
    })),
    transferMs: moved(row.transferMs, windowRounds(transport).mean),
    totalMs: moved(row.totalMs, model?.meanTurns ?? 0)
  }
}

/** Rows of the turn chart for single messages whose RTT is known: each turn as long as it was. */
export function rowsFromExplain({ transports }: ExplainRecord): TurnRow[] {
  return transports.flatMap((send): TurnRow[] => {
    const { name, connection, events, rttMs, lookupMs, transferMs, serverMs, clientMs, totalMs } = send
    if (rttMs === null || serverMs === null) return []
    return [
      {
        label: `${name}, ${connection === 'cold' ? 'new' : 'kept'}`,
        turns: events.flatMap(waitedTurn),
        ...{ rttMs, queueMs: 0, lookupMs, transferMs, serverMs, clientMs, totalMs }
      }
    ]
  })
}

function waitedTurn({
  turn,
  phase,
  waitedMs
}: ExplainRecord['transports'][number]['events'][number]): Turn[] {
  if (turn === null || phase === null || waitedMs === null) return []
  return [{ phase, name: NAMES[phase], turns: 1, meanMs: waitedMs, p50: waitedMs, p99: waitedMs }]
}

function rowOf(transport: TransportRecord): TurnRow | null {
  const { rttMs, serverMs, clientMs, service, response } = transport
  if (rttMs === null || serverMs === null || clientMs === null || service.mean === null) return null
  const queueMs = transport.queueMs ?? Math.max(0, (response.mean ?? service.mean) - service.mean)
  return {
    label: transport.name,
    turns: inOrder(usualPhases(transport)).flatMap(turnsOf),
    rttMs,
    queueMs,
    lookupMs: lookupMs(transport),
    transferMs: transport.transferMs ?? 0,
    serverMs: Math.max(0, serverMs),
    clientMs: Math.max(0, clientMs),
    totalMs: queueMs + service.mean
  }
}

/** Mean time of an accepted send for looking names up, ms. */
function lookupMs({ phases, counts }: TransportRecord): number {
  const dns = phases.find(({ name }) => name === 'dns')
  return dns === undefined || counts.accepted === 0 ? 0 : (dns.meanMs * dns.count) / counts.accepted
}

/** The phases that most messages had: those of a kept connection when most messages found one. */
function usualPhases({ phases, counts }: TransportRecord): PhaseRecord[] {
  return phases.filter(({ count, turns }) => turns >= 0.5 && 2 * count >= counts.accepted)
}

/**
 * Puts phases into the order of the wire. With STARTTLS the second EHLO follows the handshake (RFC 3207,
 * section 4.2); with implicit TLS the handshake comes before the greeting (RFC 8314).
 */
function inOrder(phases: readonly PhaseRecord[]): PhaseRecord[] {
  const sorted = [...phases].sort((a, b) => PHASE_INDEX[a.name] - PHASE_INDEX[b.name])
  const named = (name: Phase): PhaseRecord | undefined => sorted.find((phase) => phase.name === name)
  const [tls, ehlo] = [named('tls'), named('ehlo')]
  if (tls === undefined) return sorted
  if (named('starttls') === undefined) {
    const rest = sorted.filter((phase) => phase !== tls)
    const afterTcp = rest.findIndex(({ name }) => name === 'tcp') + 1
    return rest.toSpliced(afterTcp, 0, tls)
  }
  if (ehlo === undefined || Math.round(ehlo.turns) < 2) return sorted
  const half = {
    ...ehlo,
    turns: ehlo.turns / 2,
    ...{ meanMs: ehlo.meanMs / 2, p50: ehlo.p50 / 2, p99: ehlo.p99 / 2 }
  }
  return sorted.flatMap((phase) => (phase === ehlo ? [half] : phase === tls ? [tls, half] : [phase]))
}

function turnsOf(phase: PhaseRecord): Turn[] {
  const { name, meanMs, p50, p99 } = phase
  const turns = Math.max(1, Math.round(phase.turns))
  const turn = { phase: name, name: NAMES[name], p50, p99 }
  if (turns > MOST_BLOCKS_PER_PHASE) return [{ ...turn, name: `${turn.name} × ${turns}`, turns, meanMs }]
  return Array.from({ length: turns }, () => ({ ...turn, turns: 1, meanMs: meanMs / turns }))
}
