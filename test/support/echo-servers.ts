import { startHttpPair, type PairRequest, type PairResponse } from './http-pair.ts'
import { startRawServer } from './smtp-raw-server.ts'

/** How the servers answer; whatever it is, they repeat the credentials that they have heard. */
export type EchoMood = 'accepts' | 'rejects messages' | 'refuses the login'

/** Servers that put every credential they hear into every text they say, as it came and decoded. */
export interface EchoServers extends AsyncDisposable {
  /** Forgets what was heard, and answers like this from now on. */
  behave(mood: EchoMood): void
  readonly smtpPort: number
  readonly httpPort: number
  readonly http2Port: number
  /** Everything that was repeated to a client. */
  readonly echoed: readonly string[]
}

/** Credentials as a server writes them into a line: as heard, and what their base64 stands for. */
function spell(credential: string): string {
  const words = credential.split(' ').map((word) => Buffer.from(word, 'base64').toString('utf8'))
  return [credential, ...words].join(' ').replace(/[\r\n]/g, ' ')
}

/** What CRAM-MD5 answers: the user's name and a digest, base64. */
function isChallengeAnswer(line: string): boolean {
  return / [0-9a-f]{32}$/.test(Buffer.from(line, 'base64').toString('utf8'))
}

const COMMANDS = /^(EHLO|HELO|MAIL|RCPT|DATA|RSET|QUIT)\b/i

export async function startEchoServers(): Promise<EchoServers> {
  let mood: EchoMood = 'accepts'
  const heard = new Set<string>()
  const echoed: string[] = []
  const echo = (): string => {
    const text = [...heard].slice(-4).map(spell).join(' ')
    echoed.push(text)
    return text
  }

  const smtp = await startRawServer({
    answer: (command, session) => {
      for (const line of smtp.lines.splice(0)) if (!COMMANDS.test(line)) heard.add(line)
      const refuses = mood === 'refuses the login'
      switch (/^\S+/.exec(command)?.[0].toUpperCase()) {
        case 'CONNECT':
          // The answer to a challenge is of its own connection; another one's has never been seen by this client.
          for (const line of heard) if (isChallengeAnswer(line)) heard.delete(line)
          return `220 test.example ${echo()}\r\n`
        case 'EHLO':
          return `250-test.example ${echo()}\r\n250-XECHO ${echo()}\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2\r\n`
        case 'AUTH':
          if (/ (LOGIN|CRAM-MD5)$/i.test(command)) return undefined
          return refuses ? `535 5.7.8 No: ${echo()}\r\n` : `235 2.7.0 Welcome ${echo()}\r\n`
        case 'CHALLENGE':
          if (!refuses) return undefined
          session.socket.end(`535 5.7.8 No: ${echo()}\r\n`)
          return null
        case 'RCPT':
          return mood === 'rejects messages' ? `550 5.7.1 Not with ${echo()}\r\n` : `250 2.1.5 ${echo()}\r\n`
        default:
          return undefined
      }
    }
  })

  const answer = (request: PairRequest, response: PairResponse): void => {
    for (const [name, value] of Object.entries(request.headers)) {
      if (/authorization|token|key/i.test(name) && typeof value === 'string') heard.add(value)
    }
    request.resume()
    request.on('end', () => {
      const status = { accepts: 200, 'rejects messages': 422, 'refuses the login': 401 }[mood]
      response.statusCode = status
      response.setHeader(
        'Server',
        `echo ${Buffer.from(echo(), 'utf8')
          .toString('latin1')
          .replace(/[^\x20-\x7e]/g, '?')}`
      )
      response.setHeader('Content-Type', 'application/json')
      // Once as JSON spells it and once as it is.
      const body = `${JSON.stringify({ id: '<1@example.com>', MessageID: '1', ErrorCode: 0, message: echo() })}`
      response.end(status === 200 ? body : `${body}\n${echo()}`)
    })
  }
  const api = await startHttpPair(answer)
  return {
    behave(next) {
      mood = next
      heard.clear()
      echoed.length = 0
    },
    smtpPort: smtp.port,
    httpPort: api.httpPort,
    http2Port: api.http2Port,
    echoed,
    async [Symbol.asyncDispose]() {
      await Promise.all([smtp.close(), api.close()])
    }
  }
}
