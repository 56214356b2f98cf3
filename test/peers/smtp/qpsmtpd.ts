import { join } from 'node:path'
import type { SmtpPeer } from '../peer.ts'
import { keptFiles } from './kept-files.ts'

/** qpsmtpd, which keeps what it is given in a maildir. */
export const qpsmtpd: SmtpPeer = {
  name: 'qpsmtpd',
  debian: ['qpsmtpd'],
  async start({ box, ports, password }) {
    // Its flat file knows users with a domain only.
    const user = 'bench@example.com'
    box.write(
      'config/plugins',
      'tls /peer/cert.pem /peer/key.pem /peer/cert.pem\nauth/auth_flat_file\nrcpt_ok\nqueue/maildir /peer/mail\n'
    )
    box.write('config/me', 'qpsmtpd.test\n')
    box.write('config/rcpthosts', 'example.com\n')
    box.write('config/flat_auth_pw', `${user}:${password}\n`)
    box.write('config/loglevel', '6\n')
    box.write('config/databytes', '104857600\n')
    box.write('config/plugin_dirs', '/usr/share/qpsmtpd/plugins\n')
    box.write('config/tls_ciphers', 'DEFAULT\n')
    for (const folder of ['mail/new', 'mail/tmp', 'mail/cur', 'tmp']) box.write(`${folder}/.keep`, '')
    await box.run('chown', ['-R', 'qpsmtpd', '/peer'])
    await box.run('chmod', ['700', '/peer/tmp'])
    box.write('config/spool_dir', '/peer/tmp/\n')
    const program = ['-u', 'qpsmtpd', '-p', String(ports.plain), '-l', '127.0.0.1', '-c', '200', '-m', '200']
    box.start('env', ['QPSMTPD_CONFIG=/peer/config', '/usr/bin/qpsmtpd-forkserver', ...program])
    const version = /Version: (\S+)/.exec(await box.run('dpkg', ['-s', 'qpsmtpd']))?.[1] ?? ''
    const kept = keptFiles(join(box.files, 'mail/new'))
    return { version, plain: true, tls: false, user, ...kept, log: () => box.read('/peer/qpsmtpd.log') }
  }
}
