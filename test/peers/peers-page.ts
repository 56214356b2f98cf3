import { ITS_LOG, reasonFor } from './reasons.ts'
import type { MissingPeer, PeerReport } from './report.ts'

const HEAD = `# Real peers

\`npm run peers\` drives real servers, each installed in a folder of its own and on ports of its own, and compares the run's record with what the server itself has: its mailbox, its queue, its access log. \`npm run peers -- nginx Exim\` tries some of them. It needs Linux, root, overlayfs, apt and npm for those that are not on the machine; none of it is part of \`npm test\`.

For each SMTP server: \`probe\`, \`explain\`, then 200 messages over each way of sending that it offers (plain, STARTTLS, TLS, each login, PIPELINING, CHUNKING, overlap, nodemailer), with one recipient, three recipients, a 300 KB attachment, and a sender outside ASCII where SMTPUTF8 is offered. Every message must be there once, with the body that was composed; the turns must be those of the table in \`shared/insight/turns.ts\`; the server's log must have nothing to say of the client. For each HTTP server: 200 calls in each way, by the wire client and by undici, with counts equal to the access log's.
`

/** The page that tells what came of it. */
export function peersPage(reports: readonly PeerReport[], missing: readonly MissingPeer[]): string {
  const rows = reports.map(({ name, version, offers, findings, improper }) => {
    const clean = findings.filter(({ faults }) => faults.length === 0).length
    const log = improper.length === 0 ? 'clean' : `${improper.length} lines`
    return `| ${name} | ${version} | ${offers} | ${clean} of ${findings.length} | ${log} |`
  })
  const told = (name: string, way: string, fault: string): string =>
    `- ${name}, ${way}: ${cell(fault)}. **Why:** ${reasonFor(name, way, fault) ?? 'not known yet'}.`
  const faults = reports.flatMap(({ name, findings, improper }) => [
    ...findings.flatMap(({ way, faults }) => faults.map((fault) => told(name, way, fault))),
    ...improper.slice(0, 1).map((line) => told(name, ITS_LOG, line))
  ])
  const notes = reports.flatMap(({ name, findings }) => {
    const told = new Set(findings.flatMap((finding) => finding.notes ?? []))
    return [...told].map((note) => `- ${name}: ${cell(note)}`)
  })
  const turns = reports.flatMap(({ name, findings }) =>
    findings.map(({ way, accepted, turns }) => `| ${name} | ${way} | ${accepted} | ${turns} |`)
  )
  return `${HEAD}
| peer | version | offers | ways clean | log |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

## What was not as it should be

${faults.length === 0 ? 'Nothing.' : faults.join('\n')}

## What the records said of it

${notes.length === 0 ? 'Nothing.' : notes.join('\n')}

## Not tried

${missing.length === 0 ? 'Every peer could be started.' : missing.map(({ name, reason }) => `- ${name}: ${cell(reason)}`).join('\n')}

## Every way

| peer | way | accepted | turns cold / warm |
| --- | --- | --- | --- |
${turns.join('\n')}
`
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 300)
}
