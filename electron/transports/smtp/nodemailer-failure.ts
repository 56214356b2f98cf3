import type { NodemailerError } from 'nodemailer'
import type { Phase } from '../../../shared/record/words.ts'
import { closedFailure, type Failure, libraryFailure, socketFailure } from '../connect/failure.ts'
import { replyTimeoutFailure } from './failure.ts'
import { replySummary } from './reply-parser.ts'
import type { SmtpContext } from './smtp-context.ts'

/** The command that nodemailer names in an error, as a phase. */
const PHASE_OF_COMMAND: Readonly<Record<string, Phase>> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'starttls',
  'MAIL FROM': 'mail',
  'RCPT TO': 'rcpt'
}

/**
 * Nodemailer's error in the words of every other client.
 * @param phase where the socket's meter stood
 * @param isWriting a part of what was written had not left
 */
export function nodemailerFailure(
  error: NodemailerError,
  phase: Phase,
  context: SmtpContext,
  isWriting = false
): Failure {
  const { command = '', responseCode, response } = error
  if (responseCode !== undefined && responseCode >= 400) {
    return {
      outcome: 'rejected',
      code: statusOf(response ?? String(responseCode)),
      phase: command.startsWith('AUTH') ? 'auth' : (PHASE_OF_COMMAND[command] ?? phase),
      sample: context.mask(onOneLine(response ?? error.message))
    }
  }
  const original = (error as { originalCode?: unknown }).originalCode
  const code = typeof original === 'string' ? original : (error.code ?? 'SOCKET')
  switch (code) {
    case 'ETIMEDOUT':
      return replyTimeoutFailure(phase, context.options.timeoutMs, context.options.transport.security)
    case 'ECONNECTION':
      return refusedBefore(error, context) ?? closedFailure(phase)
    case 'EPROTOCOL':
    case 'ETLS':
    case 'EAUTH':
    case 'EENVELOPE':
    case 'EMESSAGE':
      return {
        outcome: 'failed',
        code: code === 'EPROTOCOL' || response !== undefined ? 'PROTOCOL' : code,
        phase,
        sample: context.mask(
          response === undefined
            ? onOneLine(error.message)
            : `nodemailer does not take this reply in phase ${phase}: ${onOneLine(response)}`
        )
      }
    default: {
      const cause: NodeJS.ErrnoException = Object.assign(new Error(error.message), { code })
      const isUpgrade = context.options.transport.security === 'starttls'
      const failure = socketFailure(cause, phase, context.name, isUpgrade)
      const sample = libraryFailure('nodemailer', code, failure.sample, isWriting && phase === 'content')
      return { ...failure, sample: context.mask(sample) }
    }
  }
}

/** The refusal of an envelope that left nobody to receive the content, when the connection ended behind it. */
function refusedBefore(error: NodemailerError, context: SmtpContext): Failure | null {
  const {
    mailError,
    rejectedErrors = [],
    accepted = []
  } = (error as { envelope?: SentEnvelope }).envelope ?? {}
  const refusal = mailError ?? (accepted.length === 0 ? rejectedErrors[0] : undefined)
  return refusal === undefined ? null : nodemailerFailure(refusal, 'rcpt', context)
}

/** What nodemailer keeps of an envelope while its replies come in. */
export interface SentEnvelope {
  mailError?: NodemailerError | undefined
  accepted?: unknown[]
  rejectedErrors?: NodemailerError[]
}

/** `450 4.2.1` from the text of a reply. */
export function statusOf(response: string): string {
  const [, code, enhanced] = /^(\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3})\b)?/.exec(response) ?? []
  if (code === undefined) return response.slice(0, 3)
  return enhanced === undefined ? code : `${code} ${enhanced}`
}

/** A reply of several lines as the wire client shows it: the first with its code, then the texts of the others. */
function onOneLine(response: string): string {
  return replySummary(response.trimEnd().split(/\r?\n/))
}
