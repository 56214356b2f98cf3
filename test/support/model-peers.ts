import { seededRandom } from '../../shared/insight/random.ts'

/** What becomes of a message that reaches a peer. */
export interface Taken {
  /** When its answer leaves, s. */
  doneSeconds: number
  throttled: boolean
  retryAfterSeconds: number
}

/** A peer in simulated time: asked in the order in which messages reach it. */
export type ModelPeer = (atSeconds: number) => Taken

/** A peer with a limit that is known beforehand. */
export interface KnownPeer {
  title: string
  /** What a real one speaks; in simulated time it makes no difference. */
  protocol: 'http' | 'smtp'
  /** A new one with its own seed. */
  create: (seed: number) => ModelPeer
  arrivals: 'constant' | 'poisson'
  objective: string
  /** Highest rate that it keeps for good, messages per second. */
  truth: number
  limiter: string
  /** Messages or rate of the burst that it lets pass; null where there is none. */
  burst: { messages: number } | { rate: number } | null
}

const accepted = (doneSeconds: number): Taken => ({ doneSeconds, throttled: false, retryAfterSeconds: 0 })

/** Slots that work side by side, first come, first served. */
function slots(count: number, serviceSeconds: (startSeconds: number, waiting: number) => number): ModelPeer {
  const free = Array.from({ length: count }, () => 0)
  const starts: number[] = []
  return (atSeconds) => {
    const slot = free.indexOf(Math.min(...free))
    const start = Math.max(atSeconds, free[slot] ?? 0)
    while ((starts[0] ?? Infinity) <= atSeconds) starts.shift()
    if (start > atSeconds) starts.push(start)
    const done = start + serviceSeconds(start, starts.length)
    free[slot] = done
    return accepted(done)
  }
}

/** A token bucket; a message beyond it is refused at once. */
function bucket(perSecond: number, burst: number, retryAfterSeconds: number): ModelPeer {
  let [tokens, filled] = [burst, 0]
  return (atSeconds) => {
    tokens = Math.min(burst, tokens + (atSeconds - filled) * perSecond)
    filled = atSeconds
    const doneSeconds = atSeconds + 0.005
    if (tokens < 1) return { doneSeconds, throttled: true, retryAfterSeconds }
    tokens--
    return accepted(doneSeconds)
  }
}

/** Below this, messages per second, a peer that tires rests. */
const RESTING_RATE = 25

/** Works at half its speed once it was under load for some time. */
function tiring(count: number, serviceSeconds: number, tiresAfterSeconds: number): ModelPeer {
  const recent: number[] = []
  let loadedSince: number | null = null
  const work = slots(count, (start) =>
    loadedSince !== null && start - loadedSince >= tiresAfterSeconds ? 2 * serviceSeconds : serviceSeconds
  )
  return (atSeconds) => {
    recent.push(atSeconds)
    while ((recent[0] ?? 0) < atSeconds - 1) recent.shift()
    if (recent.length < RESTING_RATE) loadedSince = null
    else loadedSince ??= atSeconds
    return work(atSeconds)
  }
}

/** Works at half its speed from a long queue on, until it was next to idle for some seconds. */
function staysSlow(count: number, serviceSeconds: number, queue: number, restSeconds: number): ModelPeer {
  let slowUntil = -Infinity
  return slots(count, (start, waiting) => {
    if (waiting >= queue || (start < slowUntil && waiting > 0)) slowUntil = start + restSeconds
    return start < slowUntil ? 2 * serviceSeconds : serviceSeconds
  })
}

function exponentialQueue(perSecond: number, seed: number): ModelPeer {
  const random = seededRandom(seed * 7919)
  return slots(1, () => -Math.log(1 - random()) / perSecond)
}

const SHARP = { arrivals: 'constant', objective: 'response.p99 < 500' } as const

/** The eight kinds of peer whose limits a search must find. */
export const KNOWN_PEERS: KnownPeer[] = [
  {
    title: '8 slots of 40 ms, HTTP',
    protocol: 'http',
    create: () => slots(8, () => 0.04),
    ...SHARP,
    truth: 200,
    limiter: 'queue',
    burst: null
  },
  {
    title: '8 slots of 40 ms, SMTP',
    protocol: 'smtp',
    create: () => slots(8, () => 0.04),
    ...SHARP,
    truth: 200,
    limiter: 'queue',
    burst: null
  },
  {
    title: 'bucket of 20, 429',
    protocol: 'http',
    create: () => bucket(100, 20, 1),
    ...SHARP,
    truth: 100,
    limiter: 'bucket',
    burst: { messages: 20 }
  },
  {
    title: 'bucket of 20, 450',
    protocol: 'smtp',
    create: () => bucket(100, 20, 0),
    ...SHARP,
    truth: 100,
    limiter: 'bucket',
    burst: { messages: 20 }
  },
  {
    title: 'bucket of 500',
    protocol: 'http',
    create: () => bucket(100, 500, 1),
    ...SHARP,
    truth: 100,
    limiter: 'bucket',
    burst: { messages: 500 }
  },
  {
    title: 'half as fast after 10 s',
    protocol: 'http',
    create: () => tiring(8, 0.04, 10),
    ...SHARP,
    truth: 100,
    limiter: 'slowing',
    burst: { rate: 200 }
  },
  {
    title: 'one queue, exponential service (M/M/1)',
    protocol: 'http',
    create: (seed) => exponentialQueue(100, seed),
    arrivals: 'poisson',
    objective: 'response.p99 < 200',
    // The sojourn time is exponential with rate 100 - truth: ln(100) / (100 - truth) = 0.2 s.
    truth: 100 - Math.log(100) / 0.2,
    limiter: 'percentile',
    burst: null
  },
  {
    title: 'slow for a while once overloaded',
    protocol: 'http',
    create: () => staysSlow(8, 0.04, 60, 4),
    ...SHARP,
    truth: 200,
    limiter: 'queue',
    burst: null
  }
]
