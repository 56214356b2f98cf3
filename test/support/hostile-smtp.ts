import type { Socket } from 'node:net'
import type { Phase } from '../../shared/record/words.ts'
import type { RawServerOptions, RawSession } from './smtp-raw-server.ts'

/** What a server does at one step, instead of what it should do. Null: it stays silent. */
export type Misdeed = (session: RawSession) => string | null

/** A step of the conversation: the word the server hears before it misbehaves, and the phase the client is in. */
export interface Step {
  hears: RegExp
  phase: Phase
}

/** Steps of a send with AUTH and without PIPELINING, by name. */
export const STEPS: Record<string, Step> = {
  connecting: { hears: /^CONNECT$/, phase: 'greeting' },
  EHLO: { hears: /^[EH][HE]LO /, phase: 'ehlo' },
  AUTH: { hears: /^AUTH /, phase: 'auth' },
  MAIL: { hears: /^MAIL /, phase: 'mail' },
  RCPT: { hears: /^RCPT /, phase: 'rcpt' },
  DATA: { hears: /^DATA$/, phase: 'data' },
  content: { hears: /^CONTENT$/, phase: 'content' }
}

/** Misbehaves at one step of the first `sessions` connections, and is an ordinary server otherwise. */
export function misbehaveAt({ hears }: Step, misdeed: Misdeed, sessions = 1): RawServerOptions['answer'] {
  return (command, session) =>
    session.number <= sessions && hears.test(command) ? misdeed(session) : undefined
}

export const silence: Misdeed = () => null

export const close: Misdeed = ({ socket }) => {
  socket.destroySoon()
  return null
}

/** Says no more, but would go on listening. */
export const halfOpen: Misdeed = ({ socket }) => {
  socket.end()
  return null
}

export const reset: Misdeed = ({ socket }) => {
  socket.resetAndDestroy()
  return null
}

export const garbage: Misdeed = () => '\x00\xff\x16\x03 this is not SMTP\r\n'

export const wrongCode: Misdeed = () => '399 what?\r\n'

export const goAway: Misdeed = ({ socket }) => {
  setImmediate(() => socket.end())
  return '421 4.3.2 Going down, try again in 2 minutes\r\n'
}

export const twice: Misdeed = () => '250 2.0.0 Ok\r\n250 2.0.0 Ok again\r\n'

/** A line that never ends, written as fast as the client reads it. */
export const endlessLine: Misdeed = ({ socket }) => pour(socket, '250 ' + 'x'.repeat(1000))

/** A reply whose last line never comes. */
export const endlessLines: Misdeed = ({ socket }) => pour(socket, '250-more\r\n'.repeat(100))

/** Everything a server may do wrong at one step, and how a send must end then; `except` names steps where it is no wrong. */
export const MISDEEDS: {
  name: string
  misdeed: Misdeed
  outcome: 'rejected' | 'failed'
  code: RegExp
  except?: string[]
}[] = [
  { name: 'silence', misdeed: silence, outcome: 'failed', code: /^TIMEOUT$/ },
  { name: 'close', misdeed: close, outcome: 'failed', code: /^CONNECTION_CLOSED$/ },
  { name: 'a half-open connection', misdeed: halfOpen, outcome: 'failed', code: /^CONNECTION_CLOSED$/ },
  { name: 'reset', misdeed: reset, outcome: 'failed', code: /^ECONNRESET$/ },
  { name: 'garbage', misdeed: garbage, outcome: 'failed', code: /^PROTOCOL$/ },
  { name: 'a code that makes no sense', misdeed: wrongCode, outcome: 'failed', code: /^PROTOCOL$/ },
  { name: 'an endless line', misdeed: endlessLine, outcome: 'failed', code: /^PROTOCOL$/ },
  { name: 'endless lines', misdeed: endlessLines, outcome: 'failed', code: /^PROTOCOL$/ },
  { name: '421', misdeed: goAway, outcome: 'rejected', code: /^421 4\.3\.2$/ },
  { name: '554', misdeed: () => '554 5.7.1 No\r\n', outcome: 'rejected', code: /^554 5\.7\.1$/ },
  { name: '450', misdeed: () => '450 4.2.1 later\r\n', outcome: 'rejected', code: /^450 4\.2\.1$/ },
  // Behind the content nothing is left to confuse: the message is accepted, and the connection dropped.
  { name: 'two replies for one', misdeed: twice, outcome: 'failed', code: /^PROTOCOL$/, except: ['content'] }
]

function pour(socket: Socket, text: string): null {
  const pump = (): void => {
    while (!socket.destroyed && socket.writable) {
      if (!socket.write(text)) {
        socket.once('drain', pump)
        return
      }
    }
  }
  pump()
  return null
}

/** One byte per write, one write per turn of the event loop. */
export function dripping(socket: Socket, reply: string): void {
  const bytes = Buffer.from(reply, 'latin1')
  let at = 0
  const drip = (): void => {
    if (at === bytes.length || socket.destroyed) return
    socket.write(bytes.subarray(at, ++at))
    setImmediate(drip)
  }
  drip()
}

/** In two writes, split behind `position` bytes; the replies to one group of commands go together. */
export function splitAt(position: number): (socket: Socket, reply: string) => void {
  const waiting = new WeakMap<Socket, string>()
  return (socket, reply) => {
    const before = waiting.get(socket)
    waiting.set(socket, (before ?? '') + reply)
    if (before !== undefined) return
    setImmediate(() => {
      const bytes = Buffer.from(waiting.get(socket) ?? '', 'latin1')
      waiting.delete(socket)
      if (socket.destroyed) return
      socket.write(bytes.subarray(0, position))
      setImmediate(() => {
        if (!socket.destroyed) socket.write(bytes.subarray(position))
      })
    })
  }
}
