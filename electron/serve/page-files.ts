import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2'
}

export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>
  contentType: string
}

/**
 * Reads a file of the built page.
 * @param pathname as it stands in a URL, percent-encoded; `/` is `index.html`
 * @returns null for anything that is not a page file inside `root`: other types, dot files, `..`, links that lead out
 */
export async function readPageFile(root: string, pathname: string): Promise<PageFile | null> {
  const segments = decode(pathname === '/' ? '/index.html' : pathname)
    ?.split('/')
    .filter((part) => part !== '')
  if (segments === undefined || segments.some((part) => part.startsWith('.') || /[\\\0:]/.test(part)))
    return null
  const contentType = TYPES[extname(segments.at(-1) ?? '')]
  if (contentType === undefined) return null
  try {
    const folder = await realpath(root)
    const file = await realpath(join(folder, ...segments))
    if (!file.startsWith(folder + sep)) return null
    return { bytes: new Uint8Array(await readFile(file)), contentType }
  } catch {
    return null
  }
}

function decode(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return null
  }
}
