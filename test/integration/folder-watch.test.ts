import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { ImapFlow } from 'imapflow'
import { afterEach, expect, test } from 'vitest'
import { FolderWatch } from '../../electron/delivery/folder-watch.ts'
import { until } from '../support/until.ts'

const closers: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A folder behind a small IMAP server: message n has the UID n, and one may arrive in the middle of a conversation. */
class Folder {
  messages = 1
  /** The command behind whose answer, or in it, the next message arrives, once. */
  arrivesBehind: 'EXAMINE' | null = null
  arrivesIn: 'FETCH' | null = null
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#serve(socket))

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => this.#server.close(resolve)))
    return (this.#server.address() as AddressInfo).port
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.write('* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\r\n')
    let idleTag = ''
    createInterface(socket).on('line', (line) => {
      const [tag = '', ...words] = line.split(' ')
      if (tag === 'DONE') return socket.write(`${idleTag} OK done\r\n`)
      const command = words[0] === 'UID' ? (words[1] ?? '') : (words[0] ?? '')
      if (command === 'IDLE') {
        idleTag = tag
        return socket.write('+ idling\r\n')
      }
      return socket.write(this.#answer(command, Number(words[2]?.split(':')[0])) + this.#end(tag, command))
    })
  }

  #answer(command: string, fromUid: number): string {
    if (command === 'LIST') return '* LIST () "/" INBOX\r\n'
    if (command === 'EXAMINE') {
      const { messages } = this
      return `* ${messages} EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT ${messages + 1}] ok\r\n`
    }
    if (command !== 'FETCH') return ''
    let answer = ''
    for (let uid = Math.min(fromUid, this.messages); uid <= this.messages; uid++)
      answer += `* ${uid} FETCH (UID ${uid} INTERNALDATE "26-Nov-2026 12:00:00 +0000")\r\n`
    if (this.arrivesIn === null) return answer
    this.arrivesIn = null
    return `${answer}* ${++this.messages} EXISTS\r\n`
  }

  #end(tag: string, command: string): string {
    const isLate = this.arrivesBehind === command
    if (isLate) this.arrivesBehind = null
    return `${tag} OK done\r\n${isLate ? `* ${++this.messages} EXISTS\r\n` : ''}`
  }
}

async function watch(folder: Folder): Promise<number[]> {
  const port = await folder.listen()
  const found: number[] = []
  const connect = async (): Promise<ImapFlow> => {
    const client = new ImapFlow({
      ...{ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, logger: false, disableAutoIdle: true },
      auth: { user: 'sink', pass: 'unused' }
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const options = { path: 'INBOX', connect, checkMs: 20, headers: [] }
  const watching = new FolderWatch(options, ({ uid }) => found.push(uid))
  await watching.open()
  closers.push(() => watching.close())
  return found
}

test('a message that arrives as the folder is opened is found', async () => {
  const folder = new Folder()
  folder.arrivesBehind = 'EXAMINE'
  const found = await watch(folder)
  await until('the message', () => found.length > 0, 20_000)
  expect(found).toEqual([2])
})

test('a message that arrives while what was missed is fetched is found', async () => {
  const folder = new Folder()
  const found = await watch(folder)
  folder.messages = 2
  folder.arrivesIn = 'FETCH'
  folder.hangUp()
  await until('both messages', () => found.length > 1, 20_000)
  expect(found).toEqual([2, 3])
})
