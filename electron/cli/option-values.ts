import { InvalidArgumentError } from 'commander'

/** The longest round trip that can be emulated, ms. */
export const MAX_RTT_MS = 10_000

/** Reads a whole number of 1 or more. @throws {InvalidArgumentError} */
export function count(text: string): number {
  const value = numberIn(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number is needed, 1 or more.')
  return value
}

/** Reads a port to listen on, 0 for any free one. @throws {InvalidArgumentError} */
export function listenPort(text: string): number {
  const value = numberIn(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is needed, 1 to 65535, or 0 for any free one.')
  return value
}

/** @throws {InvalidArgumentError} */
export function positiveNumber(text: string): number {
  const value = numberIn(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return value
}

/** @throws {InvalidArgumentError} */
export function seconds(text: string): number {
  const value = numberIn(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('seconds are needed, 0 or more.')
  return value
}

/** Reads a round-trip time to emulate, ms. @throws {InvalidArgumentError} */
export function roundTripTime(text: string): number {
  const value = numberIn(text)
  if (!(value >= 0 && value <= MAX_RTT_MS))
    throw new InvalidArgumentError(`milliseconds are needed, 0 to ${MAX_RTT_MS}.`)
  return value
}

/** NaN for what is no number, an empty text among it. */
function numberIn(text: string): number {
  return text.trim() === '' ? NaN : Number(text)
}
