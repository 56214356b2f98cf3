import { X509Certificate } from 'node:crypto'
import { RunError } from '../record/run-error.ts'
import { readPlainFile } from './plain-file.ts'

/** Bytes of the largest file of certificates: all roots of a browser have some 250 KB. */
const MAX_CA_BYTES = 4 * 1024 * 1024

/**
 * Reads the certificates that a plan trusts, PEM.
 * @param where JSON path of the file's name, for the message
 * @throws {RunError} when the file cannot be read, or holds none
 */
export async function readCa(path: string, where: string): Promise<string> {
  const pem = await readPlainFile(path, MAX_CA_BYTES, `${where}: the certificate file`)
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    if (blocks.length === 0) throw new Error('no certificate')
    for (const block of blocks) new X509Certificate(block)
    return pem
  } catch {
    throw new RunError(`${where}: ${path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  }
}
