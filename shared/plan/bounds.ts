/** The longest round trip that can be emulated, ms. */
export const MAX_RTT_MS = 10_000

/** The longest time that a plan or a search may ask for, s, and the longest pause of a search behind a failed step. */
export const MAX_SECONDS = 86_400
export const MAX_COOL_DOWN_SECONDS = 3600

/** The highest rate, sends per second, and the most sends in flight at a time. */
export const MAX_RATE = 1_000_000
export const MAX_CONCURRENCY = 10_000

/** A name of a place: one token of a NATS subject. */
export const PLACE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** The largest message, attachments in base64, bytes: several times what any provider takes in its usual settings. */
export const MAX_MESSAGE_BYTES = 100_000_000
