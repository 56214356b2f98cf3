/** A closed load against a peer, simulated in events: no clock is waited for. */
export interface ClosedLoop {
  lanes: number
  messages: number
  turns: number
  rttMs: number
  /** What the peer takes for a message, ms; drawn for each. */
  serverMs: () => number
  /** Messages that the peer works on at a time; the rest waits at the peer. */
  slots?: number
  /** How much longer each round trip of a message takes, 1 for not at all; drawn for each. */
  jitter?: () => number
}

/** Service times of all messages, ms, and how the load went. */
export interface ClosedLoopResult {
  timesMs: number[]
  /** Accepted sends over the mean time that lanes were busy, and over the time up to the last outcome; per second. */
  perSecond: number
  perSecondToTheLast: number
}

/** Each lane sends its next message as soon as the one before is answered; the peer works in the order of arrival. */
export function closedLoop(load: ClosedLoop): ClosedLoopResult {
  const { lanes, messages, turns, rttMs, serverMs, slots = Infinity, jitter = () => 1 } = load
  const laneFree = Array<number>(Math.min(lanes, messages)).fill(0)
  const slotFree = slots === Infinity ? [] : Array<number>(slots).fill(0)
  const timesMs: number[] = []
  for (let message = 0; message < messages; message++) {
    const lane = indexOfLeast(laneFree)
    const startedMs = laneFree[lane] ?? 0
    const arrivedMs = startedMs + turns * rttMs * jitter()
    const took = serverMs()
    let doneMs = arrivedMs + took
    if (slotFree.length > 0) {
      const slot = indexOfLeast(slotFree)
      doneMs = Math.max(arrivedMs, slotFree[slot] ?? 0) + took
      slotFree[slot] = doneMs
    }
    timesMs.push(doneMs - startedMs)
    laneFree[lane] = doneMs
  }
  const busyMs = timesMs.reduce((sum, ms) => sum + ms, 0)
  return {
    timesMs,
    perSecond: (1000 * messages * laneFree.length) / busyMs,
    perSecondToTheLast: (1000 * messages) / Math.max(...laneFree)
  }
}

function indexOfLeast(values: readonly number[]): number {
  return values.reduce((least, value, index) => (value < (values[least] ?? Infinity) ? index : least), 0)
}
