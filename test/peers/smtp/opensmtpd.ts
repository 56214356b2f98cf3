import type { SmtpPeer } from '../peer.ts'

/** OpenSMTPD, which hands everything on. Without TLS, and so without logins: Debian’s build breaks every handshake off (`EVP lib`). */
export const openSmtpd: SmtpPeer = {
  name: 'OpenSMTPD',
  debian: ['opensmtpd'],
  async start({ box, ports, sinkPort }) {
    box.write(
      'smtpd.conf',
      `smtp max-message-size "100M"
listen on 127.0.0.1 port ${ports.plain} hostname opensmtpd.test
action "on" relay host "smtp://127.0.0.1:${sinkPort}"
match from any for any action "on"
`
    )
    box.start('smtpd', ['-d', '-f', '/peer/smtpd.conf'])
    const version = /OpenSMTPD ([\w.]+)/.exec(await box.run('smtpd', ['-h']).catch(String))?.[1] ?? '6.8'
    return { version, plain: true, tls: false, log: () => box.read('/peer/OpenSMTPD.log') }
  }
}
