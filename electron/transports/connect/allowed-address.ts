import type { LookupAddress } from 'node:dns'
import { isLoopbackAddress, isLoopbackHost } from '../../../shared/plan/loopback.ts'
import { failed, type Failure } from './failure.ts'

/**
 * The addresses that a host may be reached at. One that counts as this machine, so that nobody was asked, must be this
 * machine: what its name is spelt like says nothing of where the system leads it.
 */
export function allowedAddresses(host: string, found: readonly LookupAddress[]): LookupAddress[] {
  return found.filter(({ address }) => !isLoopbackHost(host) || isLoopbackAddress(address))
}

/** Why a host that counts as this machine was not connected to. */
export function notLocal(host: string, found: readonly LookupAddress[]): Failure {
  const addresses = found.map(({ address }) => address).join(', ')
  return failed(
    'NOT_LOCAL',
    'tcp',
    `${host} leads to ${addresses}, which is not this machine; nothing was sent. Name the target by its address, and confirm that it is remote`
  )
}
