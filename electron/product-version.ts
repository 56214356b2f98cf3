import { readFileSync } from 'node:fs'

/** Chattermark's own version. */
export function productVersion(): string {
  const root = import.meta.url.endsWith('.ts')
    ? '../package.json'
    : import.meta.url.replace(/\/out\/main\/.*$/, '/package.json')
  return versionIn(new URL(root, import.meta.url))
}

/** The version that a `package.json` states. */
export function versionIn(file: string | URL): string {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const version =
    typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
