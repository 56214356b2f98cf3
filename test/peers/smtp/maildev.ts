import { join } from 'node:path'
import type { SmtpPeer } from '../peer.ts'
import { CACHE } from '../box.ts'
import { keptFiles } from './kept-files.ts'

/** MailDev, as developers have it. */
export const maildev: SmtpPeer = {
  name: 'maildev',
  npm: 'maildev',
  async start({ box, ports }) {
    const home = join(CACHE, 'maildev/node_modules/maildev')
    const bin = join(home, 'dist/bin/maildev.js')
    box.write('mail/.keep', '')
    const folder = `${box.files}/mail`
    const args = ['--ip', '127.0.0.1', '--smtp', String(ports.plain), '--web', String(ports.tls)]
    box.start(process.execPath, [bin, ...args, '--mail-directory', folder, '--verbose'])
    const { version } = JSON.parse(await box.run('cat', [join(home, 'package.json')])) as { version: string }
    const kept = keptFiles(folder)
    return { version, plain: true, tls: false, ...kept, log: () => box.read(`${box.files}/maildev.log`) }
  }
}
