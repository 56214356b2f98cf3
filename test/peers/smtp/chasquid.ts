import type { SmtpPeer } from '../peer.ts'
import { keptFiles } from './kept-files.ts'

const RECIPIENTS = ['one', 'two', 'three']

/** chasquid, which delivers to a script. */
export const chasquid: SmtpPeer = {
  name: 'chasquid',
  debian: ['chasquid'],
  async start({ box, ports, password, user }) {
    box.write('mail/.keep', '')
    box.write('keep.sh', '#!/bin/sh\nexec cat > /peer/mail/$(date +%s%N).$$\n', 0o755)
    box.write(
      'chasquid.conf',
      `hostname: "chasquid.test"
smtp_address: "127.0.0.1:${ports.plain}"
submission_over_tls_address: "127.0.0.1:${ports.tls}"
data_dir: "/peer/data"
mail_delivery_agent_bin: "/peer/keep.sh"
mail_log_path: "/peer/mail.log"
max_data_size_mb: 100
suffix_separators: "+"
`
    )
    const { cert, key } = { cert: box.read('/peer/cert.pem'), key: box.read('/peer/key.pem') }
    box.write('certs/chasquid.test/fullchain.pem', cert)
    box.write('certs/chasquid.test/privkey.pem', key)
    box.write('domains/example.com/aliases', '')
    box.write('data/.keep', '')
    for (const name of [...RECIPIENTS, user, 'bench', 'sink']) {
      const args = ['-C=/peer', 'user-add', `${name}@example.com`, `--password=${password}`]
      await box.run('chasquid-util', args)
    }
    box.start('chasquid', ['-config_dir=/peer'])
    const version = /[\d.]+/.exec(await box.run('chasquid', ['-version']).catch(String))?.[0] ?? ''
    const kept = keptFiles(`${box.files}/mail`)
    return {
      version,
      plain: true,
      tls: true,
      user: `${user}@example.com`,
      mustLogIn: 'tls',
      ...kept,
      log: () => box.read('/peer/chasquid.log')
    }
  }
}
