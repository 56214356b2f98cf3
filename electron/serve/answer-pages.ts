import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pageHeaders } from './content-security.ts'
import { isSecret, refuseOrigin, refuseToken } from './gate.ts'
import { readPageFile } from './page-files.ts'

/** Folder of the page's scripts, styles and fonts: the program's own files, which need no token. */
const OPEN_FOLDER = '/assets/'

export interface PageOptions {
  token: string
  /** Leads to the page once; see `Serving.launchUrl`. */
  launchCode: string
  rendererDir: string
}

/** Answers HTTP requests with the files of the page. */
export function answerPages({ token, launchCode, rendererDir }: PageOptions): RequestListener {
  let isLaunched = false

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseUrl(request)
    if (url === null) {
      refuse(response, 400, 'Not an address.')
      return
    }
    const refusedOrigin = refuseOrigin(request)
    if (refusedOrigin !== null) {
      refuse(response, refusedOrigin.status, refusedOrigin.reason)
      return
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'Only GET and HEAD.', { allow: 'GET, HEAD' })
      return
    }
    if (!isLaunched && isSecret(url.searchParams.get('launch'), launchCode)) {
      isLaunched = true
      refuse(response, 303, 'Go on to the page.', { location: `/?token=${token}` })
      return
    }
    const refusedToken = url.pathname.startsWith(OPEN_FOLDER) ? null : refuseToken(url, token)
    if (refusedToken !== null) {
      refuse(response, refusedToken.status, refusedToken.reason)
      return
    }
    const file = await readPageFile(rendererDir, url.pathname)
    if (file === null) {
      refuse(response, 404, 'There is no such file.')
      return
    }
    response.writeHead(200, {
      ...pageHeaders(`ws://${request.headers.host ?? ''}`),
      'content-type': file.contentType,
      'content-length': file.bytes.length
    })
    response.end(request.method === 'HEAD' ? undefined : file.bytes)
  }
  return (request, response) => void answer(request, response)
}

/** Answers with a line of text instead of a file. */
function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Record<string, string> = {}
): void {
  response.writeHead(status, {
    ...pageHeaders("'none'"),
    'content-type': 'text/plain; charset=utf-8',
    ...headers
  })
  response.end(`${reason}\n`)
}

/** The request's address; null for what leads upwards. The path is judged as it was sent: URL would resolve `..` away. */
export function parseUrl({ url = '' }: IncomingMessage): URL | null {
  if (!/^\/(?!\/)/.test(url) || /(?:^|\/)(?:\.|%2e){2}(?:\/|%2f|$|\?)/i.test(url)) return null
  return URL.parse(url, 'http://127.0.0.1')
}
