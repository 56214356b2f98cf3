import { generate } from 'selfsigned'

export interface KeyPair {
  key: string
  cert: string
}

const DAY_MS = 24 * 3600 * 1000

/** Makes a certificate for a name, valid between two days from now. */
export async function certificateFor(
  altName: { type: 2; value: string } | { type: 7; ip: string },
  fromDays = -1,
  toDays = 1
): Promise<KeyPair> {
  const now = Date.now()
  const pems = await generate([{ name: 'commonName', value: 'test' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now + fromDays * DAY_MS),
    notAfterDate: new Date(now + toDays * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [altName] }
    ]
  })
  return { key: pems.private, cert: pems.cert }
}

/** A certificate for 127.0.0.1 that is good today. */
export function loopbackCertificate(): Promise<KeyPair> {
  return certificateFor({ type: 7, ip: '127.0.0.1' })
}
