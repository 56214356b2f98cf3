import { figure } from '../../shared/text/format.ts'
import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'
import { windowSentence } from '../../shared/insight/window-words.ts'
import { urlHost } from '../../shared/text/url-host.ts'
import { bold, paragraph, textTable } from './output.ts'
import { printable } from './printable.ts'

/** Extensions that change how many turns a message takes, or what may be sent. */
const SHOWN_EXTENSIONS = ['PIPELINING', 'CHUNKING', 'SIZE', '8BITMIME', 'SMTPUTF8', 'LIMITS']

const STATES: Readonly<Record<ProbePort['state'], string>> = {
  smtp: 'SMTP',
  'tls-smtp': 'SMTP over TLS',
  http: 'HTTP',
  other: 'something else',
  refused: 'refused',
  filtered: 'no answer',
  unresolved: 'no such host'
}

/** What a probe found, for reading in a terminal. */
export function probeText({ host, ports, recommendation }: ProbeRecord): string {
  const { port, security, reason } = recommendation
  const advice = port === null ? reason : `Use port ${port} with security "${security ?? 'none'}": ${reason}`
  const warnings = ports.flatMap((each) =>
    each.warnings.map((text) => `${place(each, host)}: ${printable(text)}`)
  )
  return [
    bold(host),
    textTable(
      ['port', 'is', 'RTT ms', 'turns cold', 'warm', 'TLS', 'certificate', 'login'],
      ports.map((each) => portRow(each, host)),
      ['is', 'TLS', 'certificate', 'login']
    ),
    ...ports.map((each) => details(each, host)).filter((text) => text !== ''),
    ...(warnings.length === 0 ? [] : [`Warnings:\n${warnings.map((text) => `  ${text}`).join('\n')}`]),
    ...(ports.some(({ turns }) => turns !== null) ? [paragraph(windowSentence())] : []),
    bold(paragraph(`${advice}.`))
  ].join('\n\n')
}

function portRow(port: ProbePort, host: string): string[] {
  return [
    place(port, host),
    port.state === 'other' && typeof port.tlsProblem === 'string' ? 'TLS that fails' : STATES[port.state],
    port.rttMs === null ? '-' : figure(port.rttMs),
    String(port.turns?.cold ?? '-'),
    String(port.turns?.warm ?? '-'),
    tlsCell(port),
    port.tls === null ? '-' : port.tls.verified ? 'verified' : 'NOT VERIFIED',
    port.auth.join(' ') || '-'
  ]
}

function tlsCell({ tls, starttls }: ProbePort): string {
  if (tls !== null) return `${tls.version}${starttls ? ' by STARTTLS' : ''}`
  return starttls ? 'STARTTLS failed' : '-'
}

/** The lines that no table has room for: banner, extensions, HTTP version, certificate. */
function details(port: ProbePort, host: string): string {
  const { banner, alpn, tls } = port
  const extensions = (
    port.capabilitiesAfterTls.length > 0 ? port.capabilitiesAfterTls : port.capabilities
  ).filter((capability) => SHOWN_EXTENSIONS.includes(capability.split(' ')[0]?.toUpperCase() ?? ''))
  const lines = [
    ...(banner === null ? [] : [`greets with   ${banner}`]),
    ...(extensions.length === 0 ? [] : [`offers        ${extensions.join(', ')}`]),
    ...(alpn === null ? [] : [`HTTP version  ${alpn}`]),
    ...(tls === null
      ? []
      : [
          `cipher        ${tls.cipher}`,
          `certificate   ${tls.subject}, issued by ${tls.issuer}, expires ${tls.expires.slice(0, 10)}`
        ])
  ]
  return lines.length === 0
    ? ''
    : [place(port, host), ...lines.map((line) => `  ${printable(line)}`)].join('\n')
}

/** A port of another host than the one asked for (an exchanger, an API) is named with it. */
function place(port: ProbePort, host: string): string {
  return port.host === host ? String(port.port) : `${urlHost(port.host)}:${port.port}`
}
