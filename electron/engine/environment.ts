import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { productVersion, versionIn } from '../product-version.ts'
import type { Environment } from '../../shared/record/run-record.ts'

const fromHere = createRequire(import.meta.url)

/** Versions and machine, for the run record. */
export function environment(workers: number): Environment {
  return {
    chattermark: productVersion(),
    node: process.versions.node,
    electron: process.versions.electron ?? null,
    nodemailer: packageVersion('nodemailer'),
    undici: packageVersion('undici'),
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    workers
  }
}

function packageVersion(name: string): string {
  const entry = fromHere.resolve(name)
  const at = entry.lastIndexOf(`/${name}/`.replaceAll('/', entry.includes('\\') ? '\\' : '/'))
  return versionIn(`${entry.slice(0, at)}/${name}/package.json`)
}
