import { join } from 'node:path'
import type { SmtpPeer } from '../peer.ts'
import { CACHE } from '../box.ts'
import { keptFiles } from './kept-files.ts'

const KEEP = `'use strict'
const fs = require('node:fs')
exports.hook_rcpt = (next) => next(OK)
exports.hook_queue = (next, connection) => {
  const { transaction } = connection
  const file = fs.createWriteStream(process.env.KEPT + '/' + transaction.uuid)
  file.on('finish', () => next(OK))
  transaction.message_stream.pipe(file)
}
// What comes after a login is for others, and has a hook of its own.
exports.hook_queue_outbound = exports.hook_queue
`

/** Haraka with a plugin that keeps what it is given. */
export const haraka: SmtpPeer = {
  name: 'Haraka',
  npm: 'Haraka',
  async start({ box, ports, user, password }) {
    const home = join(CACHE, 'Haraka/node_modules/Haraka')
    box.write('mail/.keep', '')
    box.write('plugins/keep.js', KEEP)
    box.write('config/plugins', 'tls\nauth/flat_file\nkeep\n')
    box.write('config/me', 'haraka.test\n')
    box.write(
      'config/smtp.ini',
      `listen=127.0.0.1:${ports.plain},127.0.0.1:${ports.tls}\nsmtps_port=${ports.tls}\nnodes=0\n`
    )
    box.write('config/connection.ini', box.read(join(home, 'config/connection.ini')))
    box.write(
      'config/auth_flat_file.ini',
      `[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\n[users]\n${user}=${password}\n`
    )
    box.write('config/tls.ini', 'key=key.pem\ncert=cert.pem\n')
    for (const name of ['key.pem', 'cert.pem']) box.write(`config/${name}`, box.read(join(box.files, name)))
    const env = { ...process.env, KEPT: `${box.files}/mail` }
    box.start(process.execPath, [join(home, 'bin/haraka'), '-c', box.files], { env })
    const { version } = JSON.parse(await box.run('cat', [join(home, 'package.json')])) as { version: string }
    const kept = keptFiles(`${box.files}/mail`)
    return { version, plain: true, tls: true, ...kept, log: () => box.read(`${box.files}/Haraka.log`) }
  }
}
