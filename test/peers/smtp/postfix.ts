import { startPostfix } from '../../support/postfix.ts'
import type { SmtpPeer } from '../peer.ts'

/** Postfix, which delivers to a maildir. */
export const postfix: SmtpPeer = {
  name: 'Postfix',
  async start({ box, ports }) {
    const server = await startPostfix(ports.plain)
    box.write('cert.pem', server.caPem)
    return {
      version: (await box.run('postconf', ['-dh', 'mail_version'])).trim(),
      plain: true,
      tls: false,
      received: () => server.delivered().map((bytes) => ({ bytes, recipients: null })),
      clear: () => server.clear(),
      log: () => '',
      stop: () => server.stop()
    }
  }
}
