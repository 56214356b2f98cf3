import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Received, SmtpPeer } from '../peer.ts'

/** Exim, which keeps everything in its queue. */
export const exim: SmtpPeer = {
  name: 'Exim',
  debian: ['exim4-daemon-light'],
  async start({ box, ports, user, password }) {
    const queue = box.outside('/var/spool/exim4/input')
    const log = '/var/log/exim4/mainlog'
    rmSync(queue, { recursive: true, force: true })
    rmSync(box.outside(log), { force: true })
    box.write(
      'exim.conf',
      `primary_hostname = exim.test
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
log_selector = +smtp_protocol_error +smtp_syntax_error +smtp_connection +smtp_no_mail
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${ports.plain} : ${ports.tls}
tls_on_connect_ports = ${ports.tls}
tls_advertise_hosts = *
tls_certificate = /peer/cert.pem
tls_privatekey = /peer/key.pem
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
smtp_accept_max = 200
smtp_accept_max_per_connection = 100000
queue_only = true
host_lookup =
rfc1413_hosts =
acl_smtp_rcpt = accept
begin routers
all:
  driver = manualroute
  transport = away
  route_list = * 127.0.0.1
begin transports
away:
  driver = smtp
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${user}}}{eq{$auth3}{${password}}}}{yes}{no}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{$auth1}{${user}}}{eq{$auth2}{${password}}}}{yes}{no}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${if eq{$auth1}{${user}}{${password}}fail}
  server_set_id = $auth1
`
    )
    await box.run('chown', ['root:Debian-exim', '/peer/key.pem', '/peer/cert.pem'])
    await box.run('chmod', ['640', '/peer/key.pem'])
    box.start('exim4', ['-C', '/peer/exim.conf', '-bdf'])
    const version = (await box.run('exim4', ['-bV'])).split(' ')[2] ?? ''
    return {
      version,
      plain: true,
      tls: true,
      received: () => queued(queue),
      clear: () => {
        for (const { path } of files(queue)) rmSync(path)
      },
      log: () => box.read(log)
    }
  }
}

function files(folder: string): { path: string; name: string }[] {
  try {
    return readdirSync(folder).map((name) => ({ path: join(folder, name), name }))
  } catch {
    return []
  }
}

/** `ID-H` holds envelope and header, each field behind a length and a letter; `ID-D` the body behind its name. */
function queued(folder: string): Received[] {
  return files(folder)
    .filter(({ name }) => name.endsWith('-D'))
    .map(({ path }) => {
      const data = readFileSync(path)
      const [envelope = '', ...fields] = readFileSync(path.replace(/D$/, 'H'), 'latin1').split('\n\n')
      const header = fields.join('\n\n').replace(/^\d{3}[A-Z* ] /gm, '')
      const body = data.subarray(data.indexOf('\n') + 1)
      return {
        bytes: Buffer.concat([Buffer.from(`${header.trimEnd()}\n\n`, 'latin1'), body]),
        recipients: envelope.split('\n').filter((line) => /^[^<\s]\S*@\S+$/.test(line))
      }
    })
}
