import { pageHeaders } from '../serve/content-security.ts'
import { readPageFile } from '../serve/page-files.ts'

/** The desktop's page comes from a scheme of its own, so that it has an origin and no access to files. */
export const PAGE_SCHEME = 'app'
const PAGE_HOST = 'chattermark'
export const PAGE_URL = `${PAGE_SCHEME}://${PAGE_HOST}/index.html`

/** Answers requests of {@link PAGE_SCHEME} with the built page's files. */
export function servePage(rendererDir: string): (request: Request) => Promise<Response> {
  return async ({ url, method }) => {
    const { host, pathname } = new URL(url)
    const file = host === PAGE_HOST && method === 'GET' ? await readPageFile(rendererDir, pathname) : null
    if (file === null) return new Response('not found', { status: 404, headers: pageHeaders("'none'") })
    return new Response(file.bytes, {
      headers: { ...pageHeaders("'none'"), 'content-type': file.contentType }
    })
  }
}

/** Whether an address belongs to the page at `pageUrl`. */
export function isSamePage(url: string, pageUrl: string): boolean {
  const [given, own] = [URL.parse(url), URL.parse(pageUrl)]
  return given !== null && own !== null && given.protocol === own.protocol && given.host === own.host
}

/** Whether the page may hand an address to the system: the web over TLS, and mail. */
export function isExternalLink(url: string): boolean {
  return ['https:', 'mailto:'].includes(URL.parse(url)?.protocol ?? '')
}
