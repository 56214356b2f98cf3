import type { NodemailerError } from 'nodemailer'
import type { Phase } from '../../../shared/words.ts'
import type { Endpoint } from './endpoint.ts'
import { closedFailure, socketFailure, timeoutFailure, type Failure } from './failure.ts'

/** The command that nodemailer names in an error, as a phase. */
const PHASE_OF_COMMAND: Readonly<Record<string, Phase>> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'starttls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt'
}

/** Nodemailer's error in the words of every other client. `phase` is where the socket's meter stood. */
export function nodemailerFailure(error: NodemailerError, phase: Phase, endpoint: Endpoint): Failure {
  const { command = '', responseCode, response } = error
  if (responseCode !== undefined && responseCode >= 400) {
    return {
      outcome: 'rejected',
      code: statusOf(response ?? String(responseCode)),
      phase: command.startsWith('AUTH') ? 'auth' : (PHASE_OF_COMMAND[command] ?? phase),
      sample: endpoint.mask(lastLine(response ?? error.message))
    }
  }
  const original = (error as { originalCode?: unknown }).originalCode
  const code = typeof original === 'string' ? original : (error.code ?? 'SOCKET')
  switch (code) {
    case 'ETIMEDOUT':
      return timeoutFailure(phase, endpoint.options.timeoutMs, endpoint.options.transport.security)
    case 'ECONNECTION':
      return closedFailure(phase)
    case 'EPROTOCOL':
    case 'ETLS':
    case 'EAUTH':
    case 'EENVELOPE':
    case 'EMESSAGE':
      return {
        outcome: 'failed',
        code: code === 'EPROTOCOL' || response !== undefined ? 'PROTOCOL' : code,
        phase,
        sample: endpoint.mask(lastLine(response ?? error.message))
      }
    default: {
      const cause: NodeJS.ErrnoException = Object.assign(new Error(error.message), { code })
      const failure = socketFailure(cause, phase, endpoint.name)
      return { ...failure, sample: endpoint.mask(failure.sample) }
    }
  }
}

/** `450 4.2.1` from the text of a reply. */
export function statusOf(response: string): string {
  const [, code, enhanced] = /^(\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3})\b)?/.exec(lastLine(response)) ?? []
  if (code === undefined) return response.slice(0, 3)
  return enhanced === undefined ? code : `${code} ${enhanced}`
}

function lastLine(response: string): string {
  return response.trimEnd().split(/\r?\n/).at(-1) ?? ''
}
