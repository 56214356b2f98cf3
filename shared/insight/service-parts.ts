import { milliseconds, percent } from '../text/format.ts'

/** What a service time is made of, ms; null where it is not known. */
export interface ServiceParts {
  lookupMs: number | null
  /** Turns x RTT. */
  chatterMs: number | null
  transferMs: number | null
  serverMs: number | null
  clientMs: number | null
}

/** The part that a message takes longest for: the server's, or another one with what is to be said of it. */
export type LargestPart =
  | { isServer: true }
  | {
      isServer: false
      serviceMs: number
      /** `of the 192 ms that a message takes 94 % is round trips and 5 % the server’s`. */
      words: string
      /** What would let more messages through. */
      remedy: string
    }

const MORE = 'more sends in flight (maxConcurrency, maxConnections)'
const OTHERS = [
  { part: 'lookupMs', name: 'lookups', remedy: `${MORE} or fewer lookups` },
  { part: 'chatterMs', name: 'round trips', remedy: `${MORE} or fewer round trips` },
  { part: 'transferMs', name: 'transfer of the content', remedy: `${MORE} or less content` },
  { part: 'clientMs', name: 'this machine’s own time', remedy: 'a faster machine' }
] as const

/** The largest part of the service time; null where its parts are not known. */
export function largestPart(parts: ServiceParts): LargestPart | null {
  const { chatterMs, serverMs, clientMs } = parts
  if (chatterMs === null || serverMs === null || clientMs === null) return null
  const others = OTHERS.map(({ part, ...said }) => ({ ...said, ms: parts[part] ?? 0 }))
  const serviceMs = others.reduce((sum, { ms }) => sum + ms, serverMs)
  const { name, remedy, ms } = others.reduce((a, b) => (b.ms > a.ms ? b : a))
  if (serverMs >= ms) return { isServer: true }
  return {
    ...{ isServer: false, serviceMs, remedy },
    words: `of the ${milliseconds(serviceMs)} that a message takes ${percent(ms / serviceMs)} is ${name} and ${percent(Math.max(0, serverMs) / serviceMs)} the server’s`
  }
}
