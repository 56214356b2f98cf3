import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CACHE } from './box.ts'
import { checkHttp } from './check-http.ts'
import { checkSmtp } from './check-smtp.ts'
import { apache } from './http/apache.ts'
import { haproxy } from './http/haproxy.ts'
import { lighttpd } from './http/lighttpd.ts'
import { nginx } from './http/nginx.ts'
import { node } from './http/node.ts'
import { peersPage } from './peers-page.ts'
import { ITS_LOG, reasonFor } from './reasons.ts'
import type { MissingPeer, PeerReport } from './report.ts'
import { chasquid } from './smtp/chasquid.ts'
import { dovecot } from './smtp/dovecot.ts'
import { exim } from './smtp/exim.ts'
import { haraka } from './smtp/haraka.ts'
import { maildev } from './smtp/maildev.ts'
import { openSmtpd } from './smtp/opensmtpd.ts'
import { postfix } from './smtp/postfix.ts'
import { qpsmtpd } from './smtp/qpsmtpd.ts'
import { sendmail } from './smtp/sendmail.ts'
import { smtpSink } from './smtp/smtp-sink.ts'

const SMTP = [postfix, exim, openSmtpd, haraka, dovecot, sendmail, qpsmtpd, chasquid, smtpSink, maildev]
const HTTP = [nginx, apache, haproxy, lighttpd, node]
const CHECKS = [
  ...SMTP.map((peer) => ({ name: peer.name, check: () => checkSmtp(peer) })),
  ...HTTP.map((peer) => ({ name: peer.name, check: () => checkHttp(peer) }))
]

const asked = process.argv.slice(2).map((name) => name.toLowerCase())
const chosen = CHECKS.filter(({ name }) => asked.length === 0 || asked.includes(name.toLowerCase()))
if (chosen.length === 0) {
  console.error(`no such peer; there are ${CHECKS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const folder = join(CACHE, 'reports')
mkdirSync(folder, { recursive: true })
for (const { name, check } of chosen) {
  console.error(`${name} ...`)
  const found = await check().catch((error: unknown): MissingPeer => ({
    name,
    reason: (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 3).join(' ')
  }))
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(found))
  if ('reason' in found) {
    console.log(`${name}: not tried: ${found.reason}`)
    continue
  }
  for (const { way, accepted, turns, faults } of found.findings) {
    console.log(
      `${name} ${way}: ${accepted} accepted, turns ${turns}${faults.map((fault) => `\n    ${fault}`).join('')}`
    )
  }
  for (const line of found.improper) console.log(`${name} log: ${line}`)
  const isUnexplained =
    found.findings.some(({ way, faults }) => faults.some((fault) => reasonFor(name, way, fault) === null)) ||
    found.improper.some((line) => reasonFor(name, ITS_LOG, line) === null)
  if (isUnexplained) process.exitCode = 1
}

// The page tells the latest that is known of every peer.
const reports = CHECKS.flatMap(({ name }): (PeerReport | MissingPeer)[] => {
  const file = join(folder, `${name}.json`)
  return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as PeerReport | MissingPeer] : []
})
const page = peersPage(
  reports.filter((report): report is PeerReport => !('reason' in report)),
  reports.filter((report): report is MissingPeer => 'reason' in report)
)
writeFileSync(resolve(import.meta.dirname, '../../docs/peers.md'), page)
