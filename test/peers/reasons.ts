/** Why something that was found of a peer is as it is, known by the peer, what was tried and the words of the finding. */
interface Reason {
  peer: string
  way: RegExp
  fault: RegExp
  why: string
}

/** Way under which lines of a peer's own log are looked up. */
export const ITS_LOG = 'its log'

const REASONS: readonly Reason[] = [
  {
    peer: 'Dovecot submission',
    way: /^its log$/,
    fault: /Panic: file smtp-server-transaction\.c|Raw backtrace/,
    why: 'a fault of this version: its process falls over when an envelope stands behind a content; a run falls back from overlap'
  },
  {
    peer: 'Dovecot submission',
    way: /^(?:plain-cold|overlap)$/,
    fault: /CONNECTION_CLOSED|accepted 198,200/,
    why: 'its process falls over (its log) before it answers the first contents that have an envelope behind them; it has delivered them, and the record says that they may have been'
  },
  {
    peer: 'Dovecot submission',
    way: /^explain$/,
    fault: /^overlap, .*: failed CONNECTION_CLOSED/,
    why: 'explain sends its messages once and ends with a failure where one failed: the one whose envelope stood behind a content'
  },
  {
    peer: 'chasquid',
    way: /^overlap$/,
    fault: /cold 5\.\d+ turns, table 5/,
    why: 'it throws away what stands behind a dot: the first envelopes have to be sent again, before the run falls back'
  },
  {
    peer: 'HAProxy',
    way: /^413 undici$/,
    fault: /EPIPE|ECONNRESET|as it should be/,
    why: 'it answers before it has read the body and closes; undici stops at the write that fails and reads no more, the wire client shows the 413'
  },
  {
    peer: 'HAProxy',
    // Of both clients together, told with the first of them.
    way: /^413 wire$/,
    fault: /^record \d+, access log \d+$/,
    why: 'the calls of undici that failed (below) stand in the log as answered'
  }
]

/** Why a peer's finding is no fault of the product; null when nobody has found out. */
export function reasonFor(peer: string, way: string, fault: string): string | null {
  return (
    REASONS.find((reason) => reason.peer === peer && reason.way.test(way) && reason.fault.test(fault))?.why ??
    null
  )
}
