import { transferSentence } from '../../shared/insight/parts-words.ts'
import { awaitsReceiver } from '../../shared/insight/receive-window.ts'
import { sum } from '../../shared/insight/statistics.ts'
import { FIRST_FLIGHT_BYTES } from '../../shared/insight/tcp-window.ts'
import type { Transport } from '../../shared/plan/plan.ts'
import type { ErrorRecord, PhaseRecord, RttRecord } from '../../shared/record/run-record.ts'
import { counted, milliseconds } from '../../shared/text/format.ts'
import { shortageAdvice } from '../transports/connect/failure.ts'
import { roundTripNotes } from './round-trip.ts'
import type { RunTally } from './tally.ts'
import type { TransportTally } from './transport-tally.ts'

/** What of a transport's figures is known beside its tally. */
export interface NotedFigures {
  errors: readonly ErrorRecord[]
  phases: readonly PhaseRecord[]
  rtt: RttRecord | null
  /** The round trip that chatter is counted with, ms. */
  rttMs: number | null
  /** An emulated link stands in front of the peer. */
  isLinked: boolean
}

/** What a reader of a transport's figures must know, as far as the figures themselves show it. */
export function figureNotes(
  transport: Transport,
  tally: TransportTally,
  { errors, phases, rtt, rttMs, isLinked }: NotedFigures
): string[] {
  return [
    ...lateNotes(tally),
    ...gapNotes(tally),
    ...transferNotes(tally, isLinked),
    ...flowControlNotes(transport, tally.all, phases, rttMs),
    ...delayedAckNotes(tally),
    ...receiveWindowNotes(tally),
    ...resentNotes(tally),
    ...unsureNotes(errors),
    ...tally.hints,
    ...shortageNotes(errors),
    ...(isLinked ? [] : roundTripNotes(rtt))
  ]
}

function gapNotes(tally: TransportTally): string[] {
  const { gaps } = tally
  if (gaps.length === 0) return []
  const rounds = [...new Set(gaps.map(({ round }) => round))]
  const seconds = sum(rounds.map((round) => tally.gapSeconds(round)))
  const leftOut = sum(gaps.map((gap) => gap.leftOut))
  return [
    `This machine stood still for ${Math.round(seconds)} s, stopped or asleep; ${leftOut} sends that reached into that are in no figure.`
  ]
}

function lateNotes(tally: TransportTally): string[] {
  if (tally.unstarted === 0) return []
  return [
    `${tally.unstarted} sends came due but never got a slot before the run's end; they are in no other figure.`
  ]
}

/** Connections that the peer ended by a limit of its own, and what to set. */
function resentNotes({ connections: { resent }, endedAfter }: TransportTally): string[] {
  if (resent === 0) return []
  const advice = Number.isFinite(endedAfter)
    ? ` It ends a connection after ${endedAfter} messages: "messagesPerConnection": ${endedAfter} spares the attempt.`
    : ''
  return [
    `${resent} sends were begun anew on another connection, because the server had ended theirs before it did anything about them; the time that took is theirs.${advice}`
  ]
}

/** Failures behind a whole message: nobody knows what became of it. */
function unsureNotes(errors: readonly ErrorRecord[]): string[] {
  const count = sum(errors.map((error) => (error.mayBeDelivered === true ? error.count : 0)))
  if (count === 0) return []
  return [
    `${count} sends failed after the whole message had left and before it was answered: these messages may have been delivered.`
  ]
}

/** What this machine was short of, and what to set. */
function shortageNotes(errors: readonly ErrorRecord[]): string[] {
  return errors
    .filter((error) => error.class === 'local')
    .map(
      ({ code, count }) =>
        `${count} sends failed of a shortage of this machine, which says nothing of the peer: ${code}: ${shortageAdvice(code) ?? ''}.`
    )
}

/** Says who told of the transfer time, where there is any. */
function transferNotes({ tcp, all }: TransportTally, isLinked: boolean): string[] {
  if (all.transferUs <= 0) return []
  const told = transferSentence(isLinked ? 'emulated' : tcp.source, tcp.congestionControl)
  const { askedContents: asked, unaskedContents: unasked } = tcp
  if (isLinked || unasked === 0) return [told]
  return [
    `${told} It was asked about ${asked} of ${asked + unasked} large contents, so that asking takes no more than 1 % of the time; each of the others is taken for the one before it.`
  ]
}

/** From this share of a round trip on a request that is not handed over at once was held back. */
const HELD_BACK_SHARE = 0.5

/** Names the window of HTTP/2 where it, and not TCP's, is what contents waited for. */
function flowControlNotes(
  transport: Transport,
  { bytesOut, counts }: RunTally,
  phases: readonly PhaseRecord[],
  rttMs: number | null
): string[] {
  if (transport.protocol !== 'http' || transport.http.version !== '2' || rttMs === null) return []
  if (transport.client === 'undici') {
    return bytesOut <= FIRST_FLIGHT_BYTES * counts.sent
      ? []
      : [
          'undici does not tell when a content has left: what HTTP/2’s own window held back counts as the server’s time.'
        ]
  }
  const heldMs = phases.find(({ name }) => name === 'request')?.meanMs ?? 0
  if (heldMs < HELD_BACK_SHARE * rttMs || heldMs < 1) return []
  return [
    `HTTP/2’s own window, which the server opens as it reads, held a content back for ${milliseconds(heldMs)} in the mean: a round trip for each window, or as long as it takes to read one. It is booked as transfer; a larger window at the server ends it, and a prediction for another distance leaves it as it was measured.`
  ]
}

/** From this share of sends on a wait for an acknowledgement is no accident. */
const DELAYED_ACK_SHARE = 0.1

/** Names the waits that are neither the distance's nor the server's work. */
function delayedAckNotes({
  tcp: { heldWaits, heldUs, heldPhase },
  all: { counts }
}: TransportTally): string[] {
  if (heldPhase === null || heldWaits < DELAYED_ACK_SHARE * counts.sent) return []
  return [
    `delayedAck: in ${heldPhase} the server held back what it had to say until what it had said just before was acknowledged (Nagle’s algorithm), ${milliseconds(heldUs / heldWaits / 1000)} a time in ${heldWaits} waits. That is neither the distance’s nor the server’s time and is booked as transfer; TCP_NODELAY at the server ends it.`
  ]
}

/** Names contents for which the peer's system had no room at once. */
function receiveWindowNotes({
  tcp: { receiverWaits, receiverUs },
  all: { counts }
}: TransportTally): string[] {
  if (!awaitsReceiver(receiverWaits, counts.sent)) return []
  return [
    `receiveWindow: ${counted(receiverWaits, 'content')}, warm-up included, waited for room in the server’s receive window, which opens as its program reads, for ${milliseconds(receiverUs / receiverWaits / 1000)} in the mean. That is booked as transfer; a larger receive buffer at the server, or one that reads sooner, ends it.`
  ]
}
