/**
 * The fixed vocabulary of a measurement: protocols, clients, outcomes and phases.
 * Every record, column and screen uses these words.
 */

export const PROTOCOLS = ['smtp', 'http'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** How one send ended. sent = accepted + rejected + failed + aborted, always. */
export const OUTCOMES = ['accepted', 'rejected', 'failed', 'aborted'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Every phase that a send can have, in the order in which a send passes through them. */
export const PHASES = [
  'dns',
  'tcp',
  'greeting',
  'ehlo',
  'starttls',
  'tls',
  'auth',
  'mail',
  'rcpt',
  'envelope',
  'data',
  'content',
  'quit',
  'request',
  'wait',
  'response'
] as const
export type Phase = (typeof PHASES)[number]

/** Who tells what of a send was transfer: the system, the emulated link's model of TCP's window, or our own model. */
export const TRANSFER_SOURCES = ['kernel', 'emulated', 'model'] as const
export type TransferSource = (typeof TRANSFER_SOURCES)[number]

/** Index of each phase in {@link PHASES}, for the flat arrays of a send's result. */
export const PHASE_INDEX = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<
  Phase,
  number
>
