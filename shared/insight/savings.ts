import type { Transport } from '../plan/plan.ts'
import type { TransportRecord } from '../record/run-record.ts'
import { PHASE_INDEX, PHASES, type Phase } from '../record/words.ts'

/** One change of set-up and the turns that it would take off a message. */
export interface Saving {
  /** What to do, as the subject of a sentence. */
  what: string
  turns: number
}

/** What would make a transport wait for fewer round trips, the greatest saving first. */
export function savings(planned: Transport, measured: TransportRecord): Saving[] {
  const found = planned.protocol === 'smtp' ? smtpSavings(planned, measured) : httpSavings(measured)
  return found.filter(({ turns }) => turns >= 0.5).sort((a, b) => b.turns - a.turns)
}

/** Phases that a kept connection does not repeat: all before the first command of a message. */
const OPENING: readonly Phase[] = PHASES.slice(0, PHASE_INDEX.mail)

function smtpSavings(planned: Extract<Transport, { protocol: 'smtp' }>, measured: TransportRecord): Saving[] {
  const of = (phase: Phase): number => turnsPerMessage(measured, phase)
  const found: Saving[] = [{ what: 'keeping the connection', turns: openingTurns(measured) }]
  if (planned.pipelining === 'off' && measured.observed?.capabilities.some(isPipelining) === true) {
    // One group in place of all commands that wait before the content: a turn with DATA, none with BDAT.
    const data = of('data')
    found.push({ what: 'PIPELINING', turns: of('mail') + of('rcpt') + (data > 0 ? data - 1 : 0) })
  }
  if (planned.security === 'starttls') {
    // RFC 8314: no greeting in clear text, no STARTTLS, one EHLO.
    found.push({ what: 'implicit TLS (port 465)', turns: of('starttls') + of('ehlo') / 2 })
  }
  found.push({
    what: 'AUTH PLAIN with an initial response',
    turns: of('auth') - shareWith(measured, 'auth')
  })
  return found
}

function httpSavings(measured: TransportRecord): Saving[] {
  return [{ what: 'keeping the connection', turns: openingTurns(measured) }]
}

function openingTurns(measured: TransportRecord): number {
  return OPENING.reduce((sum, phase) => sum + turnsPerMessage(measured, phase), 0)
}

/** Mean turns that a phase adds to an accepted message, counting the messages that did not have it. */
function turnsPerMessage(measured: TransportRecord, name: Phase): number {
  const phase = measured.phases.find((each) => each.name === name)
  return phase === undefined ? 0 : phase.turns * shareWith(measured, name)
}

/** Share of accepted messages that had a phase. */
function shareWith({ phases, counts }: TransportRecord, name: Phase): number {
  const phase = phases.find((each) => each.name === name)
  return phase === undefined || counts.accepted === 0 ? 0 : phase.count / counts.accepted
}

function isPipelining(capability: string): boolean {
  return /^PIPELINING\b/i.test(capability)
}
