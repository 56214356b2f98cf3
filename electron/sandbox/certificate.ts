import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

const LIFE_MS = 7 * 24 * 3600 * 1000

export interface Certificate {
  /** PEM. The private key never leaves the process that made it. */
  key: string
  cert: string
  /** File with the certificate, for clients to trust; only its owner can read it. */
  caFile: string
}

/** Makes a certificate for this machine's loopback names, good for a week, and writes it to a new temporary folder. */
export async function makeCertificate(): Promise<Certificate> {
  const now = Date.now()
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // An hour back, for a client whose clock is a little behind.
    notBeforeDate: new Date(now - 3600 * 1000),
    notAfterDate: new Date(now + LIFE_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' }
        ]
      }
    ]
  })
  const caFile = join(mkdtempSync(join(tmpdir(), 'chattermark-sandbox-')), 'ca.pem')
  writeFileSync(caFile, pems.cert, { mode: 0o600 })
  return { key: pems.private, cert: pems.cert, caFile }
}
