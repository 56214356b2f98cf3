import { isIP } from 'node:net'
import { dnsCache, resolveHostname } from 'nodemailer/lib/shared'
import type { Lookup } from '../connect/resolver.ts'

/**
 * Looks names up as nodemailer does by itself: through its own resolver, all transports of the process sharing what it
 * has learnt for five minutes, one of several addresses first, at random.
 */
export const nodemailerLookup: Lookup = (host, family, done) => {
  resolveHostname({ host }, (error, resolved) => {
    const first = resolved?.host
    if (error !== null || first == null) {
      done(error ?? notFound(host), [])
      return
    }
    const others = (dnsCache.get(host)?.value.addresses ?? []).filter((address) => address !== first)
    const addresses = [first, ...others]
      .map((address) => ({ address, family: isIP(address) }))
      .filter((address) => family === 0 || address.family === family)
    if (addresses.length === 0) done(notFound(host), [])
    else done(null, addresses)
  })
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`nodemailer finds no address of ${host} that may be used`), {
    code: 'ENOTFOUND'
  })
}
