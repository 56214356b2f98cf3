import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'

type Recommendation = ProbeRecord['recommendation']

const RELAY_PORT = 25
const SUBMISSION_PORT = 587

/** Which of the ports to send through, and why. */
export function recommend(ports: readonly ProbePort[]): Recommendation {
  const mail = ports.filter((port) => isMail(port) && !refusesSessions(port) && !isBroken(port))
  const implicit = best(mail.filter(({ state }) => state === 'tls-smtp'))
  const submission = best(mail.filter(({ state, port }) => state === 'smtp' && port !== RELAY_PORT))
  const relay = mail.find(({ port }) => port === RELAY_PORT)

  if (submission !== undefined && implicit !== undefined && isBetter(implicit, submission)) {
    return withCaution(implicit, implicitReason(implicit, submission))
  }
  if (submission !== undefined) return withCaution(submission, submissionReason(submission, ports))
  if (implicit !== undefined) return withCaution(implicit, implicitReason(implicit, null))
  if (relay !== undefined) {
    return withCaution(
      relay,
      'only port 25 answers as a mail server; it is for relaying between servers, networks usually block it, ' +
        'and submission belongs on 587 or 465'
    )
  }
  return { port: null, security: null, reason: nothingReason(ports) }
}

function isMail({ state }: ProbePort): boolean {
  return state === 'smtp' || state === 'tls-smtp'
}

/** A server that took the session told what it offers; one that greets with a refusal is left before it can. */
function refusesSessions({ turns, capabilities }: ProbePort): boolean {
  return turns === null && capabilities.length === 0
}

/** TLS is offered there and does not come about: to go on without is what an attacker would want too. */
function isBroken({ starttls, tls }: ProbePort): boolean {
  return starttls && tls === null
}

/** Of several ports of a kind, the one with the better protection, then the standard one, then the first asked for. */
function best(ports: readonly ProbePort[]): ProbePort | undefined {
  const score = (port: ProbePort): number =>
    (port.tls === null ? 0 : 4) +
    (port.tls?.verified === true ? 2 : 0) +
    (port.port === SUBMISSION_PORT ? 1 : 0)
  return ports.reduce<ProbePort | undefined>(
    (chosen, port) => (chosen === undefined || score(port) > score(chosen) ? port : chosen),
    undefined
  )
}

/** Implicit TLS is worth the change where it costs fewer turns, unless its certificate is the worse one. */
function isBetter(implicit: ProbePort, submission: ProbePort): boolean {
  if (submission.tls === null) return true
  if (implicit.tls?.verified !== true && submission.tls.verified) return false
  return (implicit.turns?.cold ?? Infinity) < (submission.turns?.cold ?? Infinity)
}

function implicitReason(implicit: ProbePort, submission: ProbePort | null): string {
  const turns =
    submission === null
      ? ''
      : submission.tls === null
        ? `; port ${submission.port} has no TLS`
        : `; a fresh send takes ${implicit.turns?.cold ?? '?'} turns here and ${submission.turns?.cold ?? '?'} on port ${submission.port}`
  return (
    `TLS from the first byte, which RFC 8314 prefers${turns}. ` +
    'Older advice called port 465 deprecated; RFC 8314 took that back'
  )
}

function submissionReason(submission: ProbePort, ports: readonly ProbePort[]): string {
  const starttls = submission.starttls ? ' with STARTTLS' : ''
  if (submission.port === SUBMISSION_PORT)
    return `587${starttls} is the standard port for submission (RFC 6409)`
  const standard = ports.find(({ port }) => port === SUBMISSION_PORT)
  if (standard?.state === 'refused' || standard?.state === 'filtered') {
    return `587 is ${standard.state}; ${submission.port}${starttls} is the way around networks that block it`
  }
  return `port ${submission.port}${starttls} takes submissions`
}

function nothingReason(ports: readonly ProbePort[]): string {
  const states = ports
    .map((port) => {
      if (typeof port.tlsProblem === 'string' && port.tls === null) return `${port.port}: ${port.tlsProblem}`
      if (isMail(port)) return `${port.port} refuses sessions`
      return `${port.port} ${port.state === 'other' ? 'something else' : port.state}`
    })
    .join(', ')
  const hint = ports.some(({ state }) => state === 'filtered')
    ? '; a firewall on the way may block outgoing mail: try 2525, another network, or the HTTP API'
    : ''
  const what = ports.some(isBroken) ? 'no port can be recommended' : 'no port answers as a mail server'
  return `${what} (${states})${hint}`
}

function withCaution(chosen: ProbePort, reason: string): Recommendation {
  const security = chosen.state === 'tls-smtp' ? 'tls' : chosen.tls === null ? 'none' : 'starttls'
  const caution =
    chosen.tls === null
      ? '. Caution: it has no TLS, so do not log in there'
      : chosen.tls.problem === null
        ? ''
        : `. Caution: its certificate does not verify: ${chosen.tls.problem}`
  return { port: chosen.port, security, reason: reason + caution }
}
