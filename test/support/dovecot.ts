import { execFile, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { selfSigned } from './smtp-certificates.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const COMMANDS = ['/usr/sbin/dovecot', '/usr/local/sbin/dovecot', '/opt/homebrew/sbin/dovecot']

/** A Dovecot of its own, on loopback, with one mailbox for all. */
export interface Dovecot {
  readonly imapPort: number
  readonly lmtpPort: number
  /** PEM file of its certificate. */
  readonly caFile: string
  readonly password: string
  /** What it has logged so far, each line led by seconds since 1970 with microseconds. */
  log(): string
  stop(): Promise<void>
}

/**
 * Starts a real Dovecot in a temporary folder: IMAP with STARTTLS and IDLE, and LMTP, where `name+Junk@` goes to the
 * folder of that name.
 * @throws when Dovecot is not installed, or the tests do not run as root, whom it insists on
 */
export async function startDovecot(): Promise<Dovecot> {
  const command = COMMANDS.find((path) => existsSync(path))
  if (command === undefined)
    throw new Error(
      'this test needs Dovecot: install it (Debian: apt-get install dovecot-imapd dovecot-lmtpd)'
    )
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-dovecot-'))
  chmodSync(folder, 0o755)
  const password = 'the-password-of-the-mailbox'
  const [imapPort, lmtpPort] = [await freePort(), await freePort()]
  const { key, cert } = await selfSigned()
  const caFile = join(folder, 'cert.pem')
  writeFileSync(caFile, cert)
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'dovecot'])).stdout))
  )
  mkdirSync(join(folder, 'mail'))
  chownSync(join(folder, 'mail'), uid ?? 0, gid ?? 0)
  const log = join(folder, 'dovecot.log')
  const config = join(folder, 'dovecot.conf')
  writeFileSync(config, configuration({ folder, log, password, imapPort, lmtpPort, uid, gid }))
  const server = spawn(command, ['-F', '-c', config], { stdio: 'ignore' })
  await until('Dovecot to listen', () => existsSync(log) && readFileSync(log, 'utf8').includes('starting up'))
  return {
    ...{ imapPort, lmtpPort, caFile, password },
    log: () => readFileSync(log, 'utf8'),
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGTERM')
        await once(server, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function configuration(of: {
  folder: string
  log: string
  password: string
  imapPort: number
  lmtpPort: number
  uid: number | undefined
  gid: number | undefined
}): string {
  const { folder, log, password, imapPort, lmtpPort, uid, gid } = of
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${log}
log_timestamp = "%s.%{usecs} "
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
first_valid_uid = 1
mail_location = maildir:${folder}/mail
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}/mail allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Junk {
    special_use = \\Junk
    auto = create
  }
}
service imap-login {
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${lmtpPort}
  }
}
`
}
