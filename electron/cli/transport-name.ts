import { didYouMean } from '../../shared/text/did-you-mean.ts'
import { CommandError, EXIT } from './exit.ts'

/**
 * Checks the name of a transport that was given on the command line.
 * @param owner what has the transports: `the plan`, `the run`
 * @throws {CommandError} when there is none of that name
 */
export function assertTransport(
  name: string,
  transports: readonly { readonly name: string }[],
  owner: string
): void {
  if (transports.some((transport) => transport.name === name)) return
  const names = transports.map((transport) => transport.name)
  throw new CommandError(
    EXIT.usage,
    `${owner} has no transport "${name}"${didYouMean(name, names)}\nIts transports: ${names.join(', ')}`
  )
}
