import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pageHeaders } from './content-security.ts'
import { cookieName, refuseOrigin, refuseToken } from './gate.ts'
import { readPageFile } from './page-files.ts'

/** Folder of the page's scripts, styles and fonts: the program's own files, which need no token. */
const OPEN_FOLDER = '/assets/'

/** Answers HTTP requests with the files of the page. */
export function answerPages(token: string, rendererDir: string): RequestListener {
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
    const refusedToken = url.pathname.startsWith(OPEN_FOLDER) ? null : refuseToken(request, url, token)
    if (refusedToken !== null) {
      refuse(response, refusedToken.status, refusedToken.reason)
      return
    }
    // A browser that shows the token gets a cookie for it, and an address that may stand in its history.
    if (url.searchParams.has('token') && request.headers['sec-fetch-mode'] === 'navigate') {
      const cookie = `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict`
      // Where another page led here, a strict cookie comes along only with the next step that is our own.
      const isOurs = request.headers['sec-fetch-site'] === 'none'
      const onward: Record<string, string> = isOurs
        ? { location: url.pathname }
        : { refresh: `0;url=${url.pathname}` }
      refuse(response, isOurs ? 303 : 200, 'Go on to the page.', { ...onward, 'set-cookie': cookie })
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
