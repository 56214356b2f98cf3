import { lookup, type LookupAddress } from 'node:dns'

/** Address family that a transport is held to; 0 = both. */
export type Family = 0 | 4 | 6

/** Turns a name into its addresses, in the order in which they are to be tried. */
export type Lookup = (
  host: string,
  family: Family,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void
) => void

/** The system's resolver (getaddrinfo), with its order (RFC 6724). It keeps no answer of its own. */
export const systemLookup: Lookup = (host, family, done) => {
  lookup(host, { all: true, family }, (error, addresses) => done(error, error === null ? addresses : []))
}

/** Addresses with the families taking turns, the first one's before the other's (RFC 8305, section 4). */
export function interleaved(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses[0]?.family
  const ours = addresses.filter(({ family }) => family === first)
  const others = addresses.filter(({ family }) => family !== first)
  return ours
    .flatMap((address, index) => [address, ...others.slice(index, index + 1)])
    .concat(others.slice(ours.length))
}
