import { generate } from 'selfsigned'

/** A key and its certificate, PEM. */
export interface TestCertificate {
  key: string
  cert: string
}

const DAY_MS = 86_400_000

/** A self-signed certificate for localhost and 127.0.0.1, or for another name, or for another time. */
export async function selfSigned({
  name = 'localhost',
  fromDays = -1,
  toDays = 30
}: { name?: string; fromDays?: number; toDays?: number } = {}): Promise<TestCertificate> {
  const pem = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + fromDays * DAY_MS),
    notAfterDate: new Date(Date.now() + toDays * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames:
          name === 'localhost'
            ? [
                { type: 2, value: name },
                { type: 7, ip: '127.0.0.1' }
              ]
            : [{ type: 2, value: name }]
      }
    ]
  })
  return { key: pem.private, cert: pem.cert }
}

/** A certificate for localhost and 127.0.0.1 that an authority of its own has signed. */
export async function signedByOwnAuthority(): Promise<TestCertificate & { ca: string }> {
  const authority = await generate([{ name: 'commonName', value: 'Test Authority' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
    ]
  })
  const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' }
        ]
      }
    ]
  })
  return { key: pem.private, cert: pem.cert, ca: authority.cert }
}

/** A certificate for localhost and 127.0.0.1 whose authority was signed by another one, which is the one that is trusted. */
export async function signedByIntermediate(): Promise<
  TestCertificate & { intermediate: string; root: string }
> {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
  const signs = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
  ] as const
  const root = await generate([{ name: 'commonName', value: 'Test Root' }], {
    ...common,
    extensions: [...signs]
  })
  const between = await generate([{ name: 'commonName', value: 'Test Intermediate' }], {
    ...common,
    ca: { key: root.private, cert: root.cert },
    extensions: [...signs]
  })
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: between.private, cert: between.cert },
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' }
        ]
      }
    ]
  })
  return { key: leaf.private, cert: leaf.cert, intermediate: between.cert, root: root.cert }
}
