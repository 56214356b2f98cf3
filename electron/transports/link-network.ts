import { readFileSync } from 'node:fs'
import type { Emulate } from '../../shared/plan/plan.ts'

/** What an emulated link puts between: distance, TCP's window, bandwidth, loss. */
export interface LinkNetwork extends Emulate {
  /** TCP's algorithm of whoever sends: `bbr` paces, others send what the window allows at once. */
  congestionControl: string
}

/** A link in front of a peer, as a client must know it. */
export interface LinkInFront extends LinkNetwork {
  /** Local port of its account; see `connect/link-account.ts`. */
  accountPort: number
}

/** Whether a plan wants a link at all. */
export function isEmulated({ rttMs, mbitPerSecond, lossPercent }: Emulate): boolean {
  return rttMs > 0 || mbitPerSecond !== null || lossPercent > 0
}

/** Name of this machine's congestion control, which an emulated link imitates: `cubic` where the system does not tell. */
export function systemCongestionControl(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()
  } catch {
    return 'cubic'
  }
}
