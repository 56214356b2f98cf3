import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import type { Environment } from '../../shared/run-record.ts'

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

/** Chattermark's own version. */
export function productVersion(): string {
  const root = import.meta.url.endsWith('.ts')
    ? '../../package.json'
    : import.meta.url.replace(/\/out\/main\/.*$/, '/package.json')
  return versionIn(new URL(root, import.meta.url))
}

function packageVersion(name: string): string {
  const entry = fromHere.resolve(name)
  const at = entry.lastIndexOf(`/${name}/`.replaceAll('/', entry.includes('\\') ? '\\' : '/'))
  return versionIn(`${entry.slice(0, at)}/${name}/package.json`)
}

function versionIn(file: string | URL): string {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const version =
    typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
