import {
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { GOOD, GOOD_BODY, startHostileServer } from './hostile-http.ts'
import { startRawServer } from './smtp-raw-server.ts'

/** What a peer does with a message once it has heard all of it. */
export type Deed =
  | 'accept'
  | 'accept in pieces'
  | 'reject'
  | 'throttle'
  | 'close before the answer'
  | 'close in the answer'
  | 'close after the answer'
  | 'silence'
  | 'silence in the answer'

/** A server of one protocol that does with each message what it is told. */
export interface Peer extends AsyncDisposable {
  readonly port: number
  /** For the messages to come. */
  deed: Deed
  /** What passes before each step of the conversation, ms. */
  stepMs: number
  /** What passes between two parts of a content that are read, ms; for HTTP/2, where nothing else holds a content back. */
  readMs: number
  /** Connections that have been accepted. */
  readonly accepted: number
  readonly open: number
  /** Whole messages that have been heard. */
  readonly heard: number
  /** Hangs up on everybody, politely. */
  hangUp(): void
  /** Resets every connection. */
  reset(): void
  /** Answers what was met with silence. @param left is called once the answer has left, before the client can hear it */
  answerLate(left?: () => void): void
}

export const REFUSAL = 'we take no mail from you'
export const PACE = 'too fast, try again in 30 seconds'

/** What passes before each piece of an answer that comes in pieces, ms. */
export const PIECE_MS = 220
const PIECES = 3

/** Gives something away in pieces, one after another. */
function inPieces<T>(pieces: readonly T[], everyMs: number, give: (piece: T) => void): void {
  pieces.forEach((piece, index) => setTimeout(() => give(piece), (index + 1) * everyMs))
}

/** A text in pieces of about the same length. */
function piecesOf(text: string): string[] {
  const length = Math.ceil(text.length / PIECES)
  return Array.from({ length: PIECES }, (_, at) => text.slice(at * length, (at + 1) * length))
}

export async function startSmtpPeer(): Promise<Peer> {
  let heard = 0
  let silent: Socket | null = null
  const answers: Record<Deed, (socket: Socket) => string | null> = {
    accept: () => '250 2.0.0 Ok\r\n',
    'accept in pieces': (socket) => {
      const lines = Array.from({ length: PIECES }, (_, at) => `250${at < PIECES - 1 ? '-' : ' '}2.0.0 Ok\r\n`)
      inPieces(lines, PIECE_MS, (line) => socket.write(line))
      return null
    },
    reject: () => `554 5.7.1 ${REFUSAL}\r\n`,
    throttle: () => `450 4.2.1 ${PACE}\r\n`,
    'close before the answer': (socket) => {
      socket.end()
      return null
    },
    'close in the answer': (socket) => {
      socket.end('250 2.0')
      return null
    },
    'close after the answer': (socket) => {
      setImmediate(() => socket.end())
      return '250 2.0.0 Ok\r\n'
    },
    silence: (socket) => {
      silent = socket
      return null
    },
    'silence in the answer': (socket) => {
      socket.write('250 2.0')
      return null
    }
  }
  const server = await startRawServer({
    answer: (command, { socket }) => {
      if (command !== 'CONTENT') return undefined
      heard++
      return answers[peer.deed](socket)
    },
    write: (socket, reply) => {
      if (peer.stepMs === 0) socket.write(reply)
      else setTimeout(() => socket.write(reply), peer.stepMs)
    }
  })
  const peer: Peer = {
    port: server.port,
    deed: 'accept',
    stepMs: 0,
    readMs: 0,
    get heard() {
      return heard
    },
    get accepted() {
      return server.sessions.length
    },
    get open() {
      return server.openSockets
    },
    hangUp() {
      for (const { socket } of server.sessions) socket.end()
    },
    reset() {
      for (const { socket } of server.sessions) socket.resetAndDestroy()
    },
    answerLate(left) {
      silent?.write('250 2.0.0 Ok, late\r\n')
      left?.()
    },
    [Symbol.asyncDispose]: () => server.close()
  }
  return peer
}

export async function startHttp1Peer(): Promise<Peer> {
  let accepted = 0
  let silent: Socket | null = null
  let heard = 0
  const [head = '', body = ''] = GOOD.split(/(?<=\r\n\r\n)/)
  const refusal = (status: string, text: string): string => {
    const said = JSON.stringify({ message: text })
    return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${said.length}\r\n\r\n${said}`
  }
  const deeds: Record<Deed, (socket: Socket) => unknown> = {
    accept: (socket) => {
      if (peer.stepMs === 0) socket.write(GOOD)
      else inPieces([head, body.slice(0, 9), body.slice(9)], peer.stepMs, (piece) => socket.write(piece))
    },
    'accept in pieces': (socket) =>
      inPieces([head, ...piecesOf(body)], PIECE_MS, (piece) => socket.write(piece)),
    reject: (socket) => socket.write(refusal('400 Bad Request', REFUSAL)),
    throttle: (socket) => socket.write(refusal('429 Too Many Requests', PACE)),
    'close before the answer': (socket) => socket.end(),
    'close in the answer': (socket) => socket.end(head + body.slice(0, 9)),
    'close after the answer': (socket) => socket.end(GOOD),
    silence: (socket) => (silent = socket),
    'silence in the answer': (socket) => socket.write(head + body.slice(0, 9))
  }
  const server = await startHostileServer({
    onConnect: () => void accepted++,
    onRequest: (socket) => {
      heard++
      deeds[peer.deed](socket)
    }
  })
  const peer: Peer = {
    port: server.port,
    deed: 'accept',
    stepMs: 0,
    readMs: 0,
    get heard() {
      return heard
    },
    get accepted() {
      return accepted
    },
    get open() {
      return server.open.size
    },
    hangUp() {
      for (const socket of server.open) socket.end()
    },
    reset() {
      for (const socket of server.open) socket.resetAndDestroy()
    },
    answerLate(left) {
      if (silent?.writable === true) silent.write(GOOD)
      left?.()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]()
  }
  return peer
}

export async function startHttp2Peer(): Promise<Peer> {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  let heard = 0
  let accepted = 0
  let silent: ServerHttp2Stream | null = null
  const head = (stream: ServerHttp2Stream, status = 200): void =>
    stream.respond({ ':status': status, 'content-type': 'application/json' })
  const good = (stream: ServerHttp2Stream): void => {
    head(stream)
    stream.end(GOOD_BODY)
  }
  const no = (stream: ServerHttp2Stream, status: number, text: string): void => {
    head(stream, status)
    stream.end(JSON.stringify({ message: text }))
  }
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const slowly = (stream: ServerHttp2Stream, pieces: readonly string[], everyMs: number): void => {
    const steps = [
      () => head(stream),
      ...pieces.slice(0, -1).map((piece) => () => stream.write(piece)),
      () => stream.end(pieces.at(-1))
    ]
    inPieces(steps, everyMs, (step) => void (stream.destroyed || step()))
  }
  const begin = (stream: ServerHttp2Stream): void => {
    head(stream)
    stream.write(GOOD_BODY.slice(0, 9))
  }
  const deeds: Record<Deed, (stream: ServerHttp2Stream) => unknown> = {
    accept: (stream) => {
      if (peer.stepMs === 0) return good(stream)
      slowly(stream, [GOOD_BODY.slice(0, 9), GOOD_BODY.slice(9)], peer.stepMs)
    },
    'accept in pieces': (stream) => slowly(stream, piecesOf(GOOD_BODY), PIECE_MS),
    reject: (stream) => no(stream, 400, REFUSAL),
    throttle: (stream) => no(stream, 429, PACE),
    'close before the answer': cutAll,
    'close in the answer': (stream) => {
      begin(stream)
      setImmediate(cutAll)
    },
    'close after the answer': (stream) => {
      const { session } = stream
      good(stream)
      stream.on('close', () => session?.close())
    },
    silence: (stream) => (silent = stream),
    'silence in the answer': begin
  }
  const server = createHttp2Server()
  server.on('connection', (socket: Socket) => {
    accepted++
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.on('data', () => {
      if (peer.readMs === 0) return
      stream.pause()
      setTimeout(() => stream.resume(), peer.readMs)
    })
    stream.on('end', () => {
      heard++
      deeds[peer.deed](stream)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const peer: Peer = {
    port: (server.address() as AddressInfo).port,
    deed: 'accept',
    stepMs: 0,
    readMs: 0,
    get heard() {
      return heard
    },
    get accepted() {
      return accepted
    },
    get open() {
      return sockets.size
    },
    hangUp() {
      for (const session of sessions) session.close()
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    answerLate(left) {
      if (silent?.destroyed === false) good(silent)
      // Node writes frames behind the next look at the sockets.
      if (left !== undefined) setImmediate(left)
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      cutAll()
      await closed
    }
  }
  return peer
}
