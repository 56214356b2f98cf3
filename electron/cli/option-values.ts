import { InvalidArgumentError } from 'commander'
import { MAX_RTT_MS } from '../../shared/plan/bounds.ts'
import { isLoopbackHost } from '../../shared/plan/loopback.ts'

/** Reads a whole number of 1 or more. @throws {InvalidArgumentError} */
export function count(text: string): number {
  const value = numberIn(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number is needed, 1 or more.')
  return value
}

/** Reads a whole number of 0 or more. @throws {InvalidArgumentError} */
export function countOrNone(text: string): number {
  const value = numberIn(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('a whole number is needed, 0 or more.')
  return value
}

/** Reads a port to listen on, 0 for any free one. @throws {InvalidArgumentError} */
export function listenPort(text: string): number {
  const value = numberIn(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is needed, 1 to 65535, or 0 for any free one.')
  return value
}

/** Reads `HOST:PORT` of this machine. @throws {InvalidArgumentError} */
export function localTarget(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':')
  const host = text.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  const port = numberIn(text.slice(at + 1))
  if (!isLoopbackHost(host) || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('an address of this machine is needed, like 127.0.0.1:2525.')
  return { host, port }
}

/** @throws {InvalidArgumentError} */
export function positiveNumber(text: string): number {
  const value = numberIn(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return value
}

/** @throws {InvalidArgumentError} */
export function httpUrl(text: string): string {
  if (!isHttpAddress(text)) throw new InvalidArgumentError('a URL is needed, like http://localhost:4318.')
  return text
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

/** The longest wait that Node's timers know, ms: they take a longer one for none at all. */
export const MAX_WAIT_MS = 2 ** 31 - 1

/** A reader of numbers that refuses those above `most`. */
export function upTo(most: number, read: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = read(text)
    if (value > most) throw new InvalidArgumentError(`at most ${most} is allowed.`)
    return value
  }
}

/** Reads what stands between the cells of a table. @throws {InvalidArgumentError} */
export function csvSeparator(text: string): string {
  if (text === 'tab' || text === '\t') return '\t'
  if (text === ',' || text === ';') return text
  throw new InvalidArgumentError('allowed are "," and ";" and "tab".')
}

/** NaN for what is no number, an empty text among it. */
function numberIn(text: string): number {
  return text.trim() === '' ? NaN : Number(text)
}

/** Reads sizes like `2k,20k,1m`. @throws {InvalidArgumentError} */
export function sizeList(text: string): number[] {
  const sizes = text.split(',').map((part) => {
    const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([km]?)b?\s*$/i.exec(part) ?? []
    const bytes = Math.round(Number(digits) * ({ k: 1000, m: 1_000_000 }[unit.toLowerCase()] ?? 1))
    if (digits === undefined || bytes > MAX_SIZE_BYTES) {
      throw new InvalidArgumentError(
        `found ${JSON.stringify(part)}; needed are sizes up to 50m, with commas between them, like 2k,20k,100k,1m.`
      )
    }
    return bytes
  })
  const twice = sizes.find((bytes, index) => sizes.indexOf(bytes) !== index)
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} bytes stand there twice.`)
  return sizes
}

/** The longest text of a message, bytes. */
const MAX_SIZE_BYTES = 50_000_000

/** Whether a text is a URL of HTTP or HTTPS. */
export function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
