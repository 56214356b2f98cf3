import type { TransportRecord } from '../record/run-record.ts'
import { bytes, counted, figure, listed, milliseconds } from '../text/format.ts'
import { FIRST_FLIGHT_BYTES, slowStartRounds } from './tcp-window.ts'
import { windowRounds } from './window-rounds.ts'

/** From this share of the service time on, what the window takes is told. */
const MATTERS = 0.05
/** Transfer time of more than so many times the window's rounds is bandwidth's, loss's or HTTP/2's own window's, too. */
const MOSTLY_OTHER = 1.5
/** Contents that the rule is shown with, bytes. */
const SHOWN_BYTES = [100_000, 1_000_000]

const RULE = `Above ${bytes(FIRST_FLIGHT_BYTES)} each doubling of a message costs one more round trip on a new connection, for TCP’s window begins there`

/** What a size adds to the turns of any port, in a sentence. */
export function windowSentence(): string {
  const shown = SHOWN_BYTES.map((size) => `${bytes(size)} ${counted(slowStartRounds(size), 'round trip')}`)
  return `${RULE}: ${listed(shown)}. A kept connection has its window open, unless it rested for longer than a timeout.`
}

/** Most of a transport's transfer is lost packets', bandwidth's or HTTP/2's own window's: nobody knows how it moves with the distance. */
export function isMostlyOther(transport: TransportRecord): boolean {
  const { transferMs, service } = transport
  if (transferMs === null || service.mean === null || transferMs < MATTERS * service.mean) return false
  return transferMs > MOSTLY_OTHER * windowMsOf(transport, transferMs)
}

function windowMsOf(transport: TransportRecord, transferMs: number): number {
  return transport.rttMs === null ? transferMs : windowRounds(transport).mean * transport.rttMs
}

/** What the window takes of the messages that were measured; '' where all of them fit it. */
export function windowShares(transports: readonly TransportRecord[]): string {
  const named = transports.flatMap((transport) => {
    const { name, service, transferMs, counts, bytes: said } = transport
    if (transferMs === null || service.mean === null || counts.sent === 0) return []
    if (said.out / counts.sent <= FIRST_FLIGHT_BYTES || transferMs < MATTERS * service.mean) return []
    const part = isMostlyOther(transport) ? `${milliseconds(windowMsOf(transport, transferMs))} of its ` : ''
    return [
      `${figure(windowRounds(transport).mean)} for ${name} (${part}${milliseconds(transferMs)} of transfer)`
    ]
  })
  return named.length === 0 ? '' : `${RULE}: ${listed(named)}.`
}
