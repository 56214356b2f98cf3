import { startHttpPair, type PairRequest, type PairResponse } from './http-pair.ts'
import { startRawServer } from './smtp-raw-server.ts'

/** Servers that take a few messages on a connection and refuse the others, or hang up; all repeat the login they heard. */
export interface FailingServers extends AsyncDisposable {
  readonly smtpPort: number
  /** An SMTP server that hangs up in place of an answer to a content. */
  readonly hangUpPort: number
  readonly httpUrl: string
  readonly http2Url: string
  /** Everything that they said about a login. */
  readonly said: readonly string[]
}

/** @param taken messages that a connection may carry before it is refused more */
export async function startFailingServers(taken: number): Promise<FailingServers> {
  const said: string[] = []
  const carried = new Map<object, number>()
  const carry = (connection: object): number => {
    const count = carried.get(connection) ?? 0
    carried.set(connection, count + 1)
    return count
  }
  let login = ''
  const echo = (): string => {
    const text = `${login} ${Buffer.from(login, 'base64').toString('utf8').replaceAll('\0', ' ')}`
    said.push(text)
    return text
  }
  const smtp = await startRawServer({
    capabilities: ['AUTH PLAIN'],
    answer: (command, session) => {
      if (command.startsWith('AUTH PLAIN ')) login = command.slice('AUTH PLAIN '.length)
      if (command === 'CONTENT') carry(session)
      const isSpent = (carried.get(session) ?? 0) >= taken
      return command.startsWith('RCPT') && isSpent ? `550 5.7.1 enough, ${echo()}\r\n` : undefined
    }
  })
  const hangUp = await startRawServer({
    capabilities: ['AUTH PLAIN'],
    answer: (command, { socket }) => {
      if (command !== 'CONTENT') return undefined
      socket.destroy()
      return null
    }
  })
  const answer = (request: PairRequest, response: PairResponse): void => {
    const token = String(request.headers['x-postmark-server-token'])
    request.resume()
    request.on('end', () => {
      const connection = 'stream' in request ? request.stream.session : request.socket
      const isSpent = carry(connection ?? request) >= taken
      if (isSpent) said.push(token)
      response.statusCode = isSpent ? 429 : 200
      response.setHeader('Content-Type', 'application/json')
      const body = {
        ErrorCode: isSpent ? 429 : 0,
        MessageID: '1',
        Message: isSpent ? `enough, ${token}` : 'OK'
      }
      response.end(JSON.stringify(body))
    })
  }
  const api = await startHttpPair(answer)
  return {
    smtpPort: smtp.port,
    hangUpPort: hangUp.port,
    httpUrl: `http://127.0.0.1:${api.httpPort}`,
    http2Url: `http://127.0.0.1:${api.http2Port}`,
    said,
    async [Symbol.asyncDispose]() {
      await Promise.all([smtp.close(), hangUp.close(), api.close()])
    }
  }
}
