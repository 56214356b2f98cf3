import { lookup } from 'node:dns'
import { lookup as lookUp } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { allowedAddresses, notLocal } from '../transports/connect/allowed-address.ts'

/** Looks a name up for a socket; one that counts as this machine, so that nobody was asked, must lead here. */
export const guardedLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      done(error, '', 0)
      return
    }
    const allowed = allowedAddresses(host, found)
    const [first] = allowed
    if (first === undefined) done(new Error(notLocal(host, found).sample), '', 0)
    else if (options.all === true) done(null, allowed)
    else done(null, first.address, first.family)
  })
}

/**
 * The first address that a host may be reached at, for a library that looks names up by itself.
 * @throws {Error} when there is none, or it counts as this machine and leads elsewhere
 */
export async function guardedAddress(host: string): Promise<string> {
  const found = await lookUp(host, { all: true })
  const [first] = allowedAddresses(host, found)
  if (first === undefined) throw new Error(notLocal(host, found).sample)
  return first.address
}
