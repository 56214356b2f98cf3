import { InvalidArgumentError, type Command } from 'commander'
import type { OpenCrew } from '../engine/crew.ts'
import { PLACE_NAME } from '../../shared/plan/bounds.ts'
import { countOrNone } from './option-values.ts'
import { CommandError, EXIT } from './exit.ts'

/** How a control plane is reached. */
export interface ServerFlags {
  server?: string
  creds?: string
  serverCa?: string
}

export interface PlacesFlags extends ServerFlags {
  places?: string[]
  allowLost?: number
}

/** Options of every command that can run a plan at several places. */
export function placesOptions(command: Command): Command {
  return placeOptions(command).option(
    '--allow-lost <n>',
    'places that may be lost before assertions fail',
    countOrNone,
    0
  )
}

/** The same for a command that needs every place to the end. */
export function placeOptions(command: Command): Command {
  return serverOptions(command).option(
    '--places <names>',
    'run at these places, each with an agent, instead of on this machine',
    placeList
  )
}

export function serverOptions(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'NATS server with JetStream that agents and coordinators share, nats:// or tls://'
    )
    .option('--creds <file>', 'credentials file for it')
    .option('--server-ca <file>', 'certificate authority of it, PEM')
}

/**
 * The crew that the options ask for; none for this machine.
 * @throws {CommandError} when one of them lacks the other
 */
export async function crewOf(
  flags: Partial<PlacesFlags>
): Promise<{ openCrew?: OpenCrew; allowLost?: number }> {
  const { server, places } = flags
  if (places === undefined) {
    if (server === undefined) return {}
    throw new CommandError(EXIT.usage, '--server is of use with --places only; name the places to run at')
  }
  if (server === undefined)
    throw new CommandError(EXIT.usage, '--places needs --server, where their agents are found')
  const { placesCrew } = await import('../places/places-crew.ts')
  return {
    openCrew: placesCrew({ server: serverOf(server, flags), places }),
    allowLost: flags.allowLost ?? 0
  }
}

export function serverOf(url: string, { creds, serverCa }: ServerFlags) {
  return { url, credsFile: creds, caFile: serverCa }
}

function placeList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (!PLACE_NAME.test(name))
      throw new InvalidArgumentError(`"${name}" is no name of a place: letters, digits, - and _.`)
    if (names.indexOf(name) !== names.lastIndexOf(name))
      throw new InvalidArgumentError(`"${name}" stands there twice.`)
  }
  return names
}
