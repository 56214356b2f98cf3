/** What one way of sending came to. */
export interface Finding {
  way: string
  accepted: number
  /** Cold and warm, as measured. */
  turns: string
  /** What was not as it should be; empty when all was. */
  faults: string[]
  notes?: readonly string[]
}

/** What was found of one peer. */
export interface PeerReport {
  name: string
  version: string
  /** What it offers, in words. */
  offers: string
  findings: Finding[]
  /** Lines of its log that speak of improper behaviour of the client. */
  improper: string[]
}

/** A peer that could not be tried. */
export interface MissingPeer {
  name: string
  reason: string
}
