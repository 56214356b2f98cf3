import { expect, test } from 'vitest'
import { selfSigned } from '../support/smtp-certificates.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { openSender } from '../support/sends.ts'
import { smtpClient } from '../support/smtp-sending.ts'

const GREETING_MS = 200

test.each(['wire', 'nodemailer'] as const)(
  '%s: a greeting that comes late behind a full handshake of TLS 1.2 is waited for, without a turn of its own',
  async (name) => {
    const certificate = await selfSigned()
    const server = await startRawServer({
      certificate,
      implicitTls: true,
      maxVersion: 'TLSv1.2',
      answer: (command, { socket }) => {
        if (command !== 'CONNECT') return undefined
        setTimeout(() => socket.write('220 late\r\n'), GREETING_MS)
        return null
      }
    })
    const client = await smtpClient({
      port: server.port,
      caPem: certificate.cert,
      connectHost: 'localhost',
      transport: { client: name, security: 'tls', tls: { serverName: '127.0.0.1' } }
    })
    try {
      const result = await openSender(client).send()
      expect(result.outcome).toBe('accepted')
      expect(result.phases).toMatchObject({ dns: 0, tcp: 1, tls: 2, greeting: 0 })
      expect(result.waitUs).toBeGreaterThan(GREETING_MS * 900)
    } finally {
      await client.close(500)
      await server.close()
    }
  }
)
