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
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { selfSigned } from './smtp-certificates.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const COMMANDS = ['/usr/sbin/postfix', '/usr/local/sbin/postfix', '/opt/homebrew/sbin/postfix']

/** A Postfix of its own, on loopback, that keeps what it is given. */
export interface Postfix {
  readonly port: number
  /** PEM of its certificate, for clients to trust. */
  readonly caPem: string
  /** Messages that have been delivered, as they lie in the mailbox. */
  delivered(): Buffer[]
  /** Waits until so many messages have been delivered and nothing more is under way. */
  untilDelivered(count: number): Promise<void>
  /** Empties the mailbox. */
  clear(): void
  stop(): Promise<void>
}

/**
 * Starts a real Postfix with queue, configuration and mailbox in a temporary folder: STARTTLS, PIPELINING and
 * CHUNKING are offered, mail for example.com is delivered to a maildir there, and nothing leaves the machine.
 * @throws when Postfix is not installed, or the tests do not run as root, whom Postfix insists on
 */
export async function startPostfix(): Promise<Postfix> {
  const command = COMMANDS.find(isThere)
  if (command === undefined)
    throw new Error('this test needs Postfix: install it (Debian: apt-get install postfix)')
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-postfix-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
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
      maillog_file: '/dev/null',
      maillog_file_prefixes: '/dev',
      in_flow_delay: '0'
    })
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')
  )
  writeFileSync(join(config, 'master.cf'), masterFile(port))
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
  return {
    port,
    caPem: cert,
    delivered: () => delivered().map((file) => readFileSync(file)),
    untilDelivered: (count) =>
      until(`${count} messages in the mailbox`, () => delivered().length >= count && isQueueEmpty()),
    clear() {
      for (const file of delivered()) rmSync(file)
    },
    async stop() {
      await run(command, ['-c', config, 'stop'])
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function masterFile(port: number): string {
  const services = [
    `127.0.0.1:${port} inet n - n - 100 smtpd`,
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

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function isThere(file: string): boolean {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}
