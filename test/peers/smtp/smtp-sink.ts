import type { SmtpPeer } from '../peer.ts'
import { keptFiles } from './kept-files.ts'

/** Postfix's smtp-sink, which writes a file for each message. */
export const smtpSink: SmtpPeer = {
  name: 'smtp-sink',
  async start({ box, ports }) {
    box.write('mail/.keep', '')
    await box.run('chmod', ['777', `${box.files}/mail`])
    const args = [
      '-u',
      'nobody',
      '-h',
      'smtp-sink.test',
      '-d',
      `${box.files}/mail/%M%S.`,
      `127.0.0.1:${ports.plain}`,
      '200'
    ]
    box.start('smtp-sink', args)
    const version = (await box.run('postconf', ['-dh', 'mail_version'])).trim()
    return {
      version,
      plain: true,
      tls: false,
      // It answers 250 to AUTH, where RFC 4954 asks for 235.
      cannotLogIn: true,
      ...keptFiles(`${box.files}/mail`),
      log: () => box.read(`${box.files}/smtp-sink.log`)
    }
  }
}
