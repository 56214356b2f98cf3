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
  return `${RULE}: ${listed(shown)}. A kept connection has its window open.`
}

/** What the window takes of the messages that were measured; '' where all of them fit it. */
export function windowShares(transports: readonly TransportRecord[]): string {
  const named = transports.flatMap((transport) => {
    const { name, service, transferMs, rttMs, counts, bytes: said } = transport
    if (transferMs === null || service.mean === null || counts.sent === 0) return []
    if (said.out / counts.sent <= FIRST_FLIGHT_BYTES || transferMs < MATTERS * service.mean) return []
    const rounds = windowRounds(transport).mean
    const windowMs = rttMs === null ? transferMs : rounds * rttMs
    const part = transferMs > MOSTLY_OTHER * windowMs ? `${milliseconds(windowMs)} of its ` : ''
    return [`${figure(rounds)} for ${name} (${part}${milliseconds(transferMs)} of transfer)`]
  })
  return named.length === 0 ? '' : `${RULE}: ${listed(named)}.`
}
