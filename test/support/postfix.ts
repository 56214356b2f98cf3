import { execFile } from 'node:child_process'
import {
  accessSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
  chownSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { selfSigned } from './smtp-certificates.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const COMMANDS = ['/usr/sbin/postfix', '/usr/local/sbin/postfix', '/opt/homebrew/sbin/postfix']

/** A Postfix of its own, on loopback, that keeps what it is given. */
export interface Postfix {
  readonly port: number
  /** Where TLS begins with the connection, as on 465. */
  readonly tlsPort: number
  /** PEM of its certificate, for clients to trust. */
  readonly caPem: string
  /** Messages that have been delivered, as they lie in the mailbox. */
  delivered(): Buffer[]
  /** Waits until so many messages have been delivered and nothing more is under way. */
  untilDelivered(count: number): Promise<void>
  /** Changes its configuration while it runs, and tries what is queued at once. */
  configure(settings: Readonly<Record<string, string>>): Promise<void>
  /** What it has logged so far. */
  log(): string
  /** Empties the mailbox. */
  clear(): void
  stop(): Promise<void>
}

/**
 * Starts a real Postfix with queue, configuration and mailbox in a temporary folder, on loopback or the address that
 * `inet_interfaces` of its settings has: STARTTLS, PIPELINING and
 * CHUNKING are offered, mail for example.com is delivered to a maildir there, and nothing leaves the machine.
 * @param settings of main.cf, beside these or in their place
 * @throws when Postfix is not installed, or the tests do not run as root, whom Postfix insists on
 */
export async function startPostfix(
  fixedPort?: number,
  settings: Readonly<Record<string, string>> = {}
): Promise<Postfix> {
  const command = COMMANDS.find(isThere)
  if (command === undefined)
    throw new Error('this test needs Postfix: install it (Debian: apt-get install postfix)')
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-postfix-'))
  chmodSync(folder, 0o755)
  const port = fixedPort ?? (await freePort())
  const tlsPort = await freePort()
  const { key, cert } = await selfSigned()
  const mail = join(folder, 'mail')
  for (const name of ['config', 'queue', 'data', 'mail']) mkdirSync(join(folder, name))
  const [uid, gid] = await idsOf('postfix')
  chownSync(join(folder, 'data'), uid, gid)
  chownSync(mail, uid, gid)
  writeFileSync(join(folder, 'config/key.pem'), key, { mode: 0o600 })
  writeFileSync(join(folder, 'config/cert.pem'), cert)
  const config = join(folder, 'config')
  const daemons = (await run('postconf', ['-dh', 'daemon_directory'])).stdout.trim()
  writeFileSync(
    join(config, 'main.cf'),
    Object.entries({
      compatibility_level: '3.6',
      queue_directory: join(folder, 'queue'),
      data_directory: join(folder, 'data'),
      daemon_directory: daemons,
      mail_owner: 'postfix',
      setgid_group: 'postdrop',
      myhostname: 'postfix.test',
      mydestination: '',
      inet_interfaces: '127.0.0.1',
      inet_protocols: 'ipv4',
      mynetworks: '127.0.0.0/8',
      smtpd_relay_restrictions: 'permit_mynetworks, reject',
      smtpd_tls_security_level: 'may',
      smtpd_tls_cert_file: join(config, 'cert.pem'),
      smtpd_tls_key_file: join(config, 'key.pem'),
      virtual_mailbox_domains: 'example.com',
      virtual_mailbox_base: mail,
      virtual_mailbox_maps: 'static:all/',
      virtual_minimum_uid: '1',
      virtual_uid_maps: `static:${uid}`,
      virtual_gid_maps: `static:${gid}`,
      default_transport: 'error:nothing leaves this machine',
      alias_maps: '',
      alias_database: '',
      maillog_file: join(folder, 'mail.log'),
      maillog_file_prefixes: folder,
      in_flow_delay: '0',
      ...settings
    })
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')
  )
  writeFileSync(join(config, 'master.cf'), masterFile(settings.inet_interfaces ?? '127.0.0.1', port, tlsPort))
  await run(command, ['-c', config, 'start']).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`Postfix does not start: ${String(error)}`)
  })
  const delivered = (): string[] => {
    const inbox = join(mail, 'all/new')
    return isThere(inbox) ? readdirSync(inbox).map((name) => join(inbox, name)) : []
  }
  const isQueueEmpty = (): boolean =>
    ['incoming', 'active'].every((name) => readdirSync(join(folder, 'queue', name)).length === 0)
  const log = (): string => readFileSync(join(folder, 'mail.log'), 'utf8')
  const reloads = (): number => log().split(': reload -- version ').length
  return {
    ...{ port, tlsPort },
    caPem: cert,
    delivered: () => delivered().map((file) => readFileSync(file)),
    untilDelivered: (count) =>
      until(`${count} messages in the mailbox`, () => delivered().length >= count && isQueueEmpty()),
    async configure(changes) {
      const lines = Object.entries(changes).map(([name, value]) => `${name}=${value}`)
      if (lines.length > 0) await run('postconf', ['-c', config, '-e', ...lines])
      const before = reloads()
      await run(command, ['-c', config, 'reload'])
      // The command only sends a signal: what is flushed before it was heard is tried by the old rules, and put off.
      await until('Postfix to have read its configuration', () => reloads() > before)
      await run(command, ['-c', config, 'flush'])
    },
    log,
    clear() {
      for (const file of delivered()) rmSync(file)
    },
    async stop() {
      await run(command, ['-c', config, 'stop'])
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function masterFile(address: string, port: number, tlsPort: number): string {
  const services = [
    `${address}:${port} inet n - n - 100 smtpd`,
    `${address}:${tlsPort} inet n - n - 100 smtpd -o smtpd_tls_wrappermode=yes`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'showq unix n - n - - showq',
    'error unix - - n - - error',
    'smtp unix - - n - - smtp',
    'lmtp unix - - n - - lmtp',
    'retry unix - - n - - error',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd'
  ]
  return `${services.join('\n')}\n`
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, user])))
  return [Number(uid?.stdout), Number(gid?.stdout)]
}

function isThere(file: string): boolean {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}
