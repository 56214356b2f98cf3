import type { SmtpPeer } from '../peer.ts'

/** Dovecot's submission service, which logs users in and hands on what they send. */
export const dovecot: SmtpPeer = {
  name: 'Dovecot submission',
  debian: ['dovecot-submissiond'],
  async start({ box, ports, sinkPort, user, password }) {
    box.write(
      'dovecot.conf',
      `base_dir = /run/dovecot-peer
state_dir = /var/lib/dovecot-peer
log_path = /peer/dovecot.txt
protocols = submission
listen = 127.0.0.1
hostname = dovecot.test
ssl = yes
ssl_cert = </peer/cert.pem
ssl_key = </peer/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
submission_relay_host = 127.0.0.1
submission_relay_port = ${sinkPort}
submission_relay_trusted = no
submission_max_mail_size = 100M
mail_location = maildir:/peer/home/%u
mail_max_userip_connections = 1000
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = user=${user} password=${password}
}
userdb {
  driver = static
  args = uid=mail gid=mail home=/peer/home/%u
}
service submission-login {
  inet_listener submission {
    port = ${ports.plain}
  }
  inet_listener submissions {
    port = ${ports.tls}
    ssl = yes
  }
}
`
    )
    await box.run('mkdir', ['-p', '/peer/home', '/var/lib/dovecot-peer'])
    await box.run('chown', ['mail:mail', '/peer/home'])
    box.start('dovecot', ['-F', '-c', '/peer/dovecot.conf'])
    const version = (await box.run('dovecot', ['--version'])).split(' ')[0] ?? ''
    return {
      version,
      plain: true,
      tls: true,
      mustLogIn: 'everywhere',
      log: () => box.read('/peer/dovecot.txt')
    }
  }
}
