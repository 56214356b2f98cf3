import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Received, SmtpPeer } from '../peer.ts'

/** Sendmail, which keeps everything in its queue. */
export const sendmail: SmtpPeer = {
  name: 'sendmail',
  debian: ['sendmail-bin', 'sendmail-cf', 'm4', 'sasl2-bin', 'libsasl2-modules', 'libsasl2-modules-db'],
  unpacked: true,
  async start({ box, ports, user, password }) {
    box.write(
      'peer.mc',
      `divert(-1)dnl
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(\`debian')dnl
DOMAIN(\`debian-mta')dnl
undefine(\`confBIND_OPTS')dnl
undefine(\`confHOST_STATUS_DIRECTORY')dnl
define(\`confTRUSTED_USER', \`root')dnl
define(\`confDELIVERY_MODE', \`q')dnl
define(\`confPID_FILE', \`/peer/sendmail.pid')dnl
define(\`QUEUE_DIR', \`/peer/queue')dnl
define(\`confDOMAIN_NAME', \`sendmail.test')dnl
define(\`confPRIVACY_FLAGS', \`')dnl
define(\`confTO_IDENT', \`0')dnl
define(\`confSERVER_CERT', \`/peer/cert.pem')dnl
define(\`confSERVER_KEY', \`/peer/key.pem')dnl
define(\`confCACERT', \`/peer/cert.pem')dnl
define(\`confCACERT_PATH', \`/peer')dnl
define(\`confLOG_LEVEL', \`9')dnl
define(\`confAUTH_MECHANISMS', \`PLAIN LOGIN CRAM-MD5')dnl
TRUST_AUTH_MECH(\`PLAIN LOGIN CRAM-MD5')dnl
define(\`confAUTH_REALM', \`sendmail.test')dnl
FEATURE(\`no_default_msa')dnl
FEATURE(\`promiscuous_relay')dnl
FEATURE(\`accept_unresolvable_domains')dnl
FEATURE(\`accept_unqualified_senders')dnl
FEATURE(\`nocanonify')dnl
DAEMON_OPTIONS(\`Family=inet, Name=MTA, Port=${ports.plain}, Addr=127.0.0.1')dnl
DAEMON_OPTIONS(\`Family=inet, Name=TLSMTA, Port=${ports.tls}, Addr=127.0.0.1, M=s')dnl
define(\`SMART_HOST', \`[127.0.0.1]')dnl
MAILER(\`local')dnl
MAILER(\`smtp')dnl
`
    )
    const queue = join(box.files, 'queue')
    await box.run('mkdir', ['-p', '/peer/queue'])
    await box.run('chmod', ['700', '/peer/queue'])
    await box.run('chmod', ['600', '/peer/key.pem'])
    await box.run('chmod', ['755', '/peer'])
    box.write('password', password)
    box.write(
      'Sendmail.conf',
      'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN CRAM-MD5\n'
    )
    const accounts = [
      'mkdir -p /usr/lib/sasl2 /etc/sasl2 /etc/mail/sasl',
      'for folder in /usr/lib/sasl2 /etc/sasl2 /etc/mail/sasl; do cp /peer/Sendmail.conf $folder/Sendmail.conf; done',
      `saslpasswd2 -p -c -u sendmail.test ${user} < /peer/password`
    ]
    await box.run('sh', ['-c', accounts.join(' && ')])
    await box.run('sh', ['-c', 'm4 /peer/peer.mc > /peer/sendmail.cf'])
    box.start('/usr/libexec/sendmail/sendmail', ['-bD', '-C/peer/sendmail.cf'])
    const version = /sendmail-bin_([\d.]+)/.exec(await box.run('ls', ['/packages']))?.[1] ?? ''
    return {
      version,
      plain: true,
      tls: true,
      received: () => queued(queue),
      clear: () => {
        for (const name of names(queue)) rmSync(join(queue, name))
      },
      log: () => box.read('/peer/sendmail.log')
    }
  }
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

/** `qfID` holds envelope (R lines) and header (H lines), `dfID` the body. */
function queued(folder: string): Received[] {
  return names(folder)
    .filter((name) => name.startsWith('qf'))
    .map((name) => {
      const lines = readFileSync(join(folder, name), 'latin1')
        .replace(/\n(?=[ \t])/g, ' ')
        .split('\n')
      const header = lines.flatMap((line) => /^H\?[^?]*\?\??(.*)/.exec(line)?.[1] ?? [])
      const data = join(folder, name.replace('qf', 'df'))
      return {
        bytes: Buffer.concat([
          Buffer.from(`${header.join('\n')}\n\n`, 'latin1'),
          existsSync(data) ? readFileSync(data) : Buffer.alloc(0)
        ]),
        recipients: lines.flatMap((line) => /^R[^:]*:<?([^>]*)/.exec(line)?.[1] ?? [])
      }
    })
}
