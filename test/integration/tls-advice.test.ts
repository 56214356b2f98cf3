import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { probe } from '../../electron/probe/probe.ts'
import type { Client } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { httpOptions } from '../support/http-options.ts'
import { signedByIntermediate } from '../support/smtp-certificates.ts'
import { smtpClient } from '../support/smtp-sending.ts'

let chain: Awaited<ReturnType<typeof signedByIntermediate>>
beforeAll(async () => {
  chain = await signedByIntermediate()
})

const open = new Set<Socket>()
let server: Server | undefined
let client: Client | undefined
afterEach(async () => {
  await client?.close(200)
  for (const socket of open) socket.destroy()
  server?.close()
  open.clear()
  server = client = undefined
})

async function listen(created: Server): Promise<number> {
  server = created
  created.on('connection', (socket: Socket) => {
    open.add(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve))
  return (created.address() as AddressInfo).port
}

/** Offers STARTTLS and goes on with it as the options have it. */
function startSmtp(tls: TlsOptions): Promise<number> {
  const converse = (socket: Socket, capabilities: string): void => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      const line = chunk.toString().trim()
      if (line.startsWith('EHLO')) socket.write(capabilities)
      else if (line === 'STARTTLS') {
        socket.removeAllListeners('data')
        socket.write('220 go on\r\n')
        converse(new TLSSocket(socket, { ...tls, isServer: true }), '250 mx\r\n')
      } else socket.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')
    })
  }
  return listen(
    createServer((socket) => {
      socket.write('220 mx ESMTP\r\n')
      converse(socket, '250-mx\r\n250 STARTTLS\r\n')
    })
  )
}

const startHttps = (tls: TlsOptions): Promise<number> =>
  listen(
    createTlsServer(tls, (socket) => socket.on('error', () => undefined)).on(
      'tlsClientError',
      () => undefined
    )
  )

type TlsSettings = { serverName?: string }
const CLIENTS: [
  by: string,
  open: (tls: TlsOptions, caPem: string, settings: TlsSettings) => Promise<Client>
][] = [
  ...(['wire', 'nodemailer'] as const).map((by): (typeof CLIENTS)[number] => [
    `SMTP by ${by}`,
    async (tls, caPem, settings) =>
      smtpClient({
        ...{ port: await startSmtp(tls), caPem, timeoutMs: 30_000 },
        transport: { client: by, security: 'starttls', tls: settings }
      })
  ]),
  ...[createHttpWireClient, createUndiciClient].map((create, index): (typeof CLIENTS)[number] => [
    `HTTP by ${index === 0 ? 'wire' : 'undici'}`,
    async (tls, caPem, settings) => {
      const url = `https://127.0.0.1:${await startHttps(tls)}`
      return create(await httpOptions({ url, caPem, timeoutMs: 30_000, transport: { tls: settings } }))
    }
  ])
]

const old = (): TlsOptions => ({
  ...{ key: chain.key, cert: `${chain.cert}\n${chain.intermediate}` },
  ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }
})
const withoutIntermediate = (): TlsOptions => ({ key: chain.key, cert: chain.cert })
/** Has a certificate for those alone who tell a name. */
const byName = (): TlsOptions => ({
  SNICallback: (_name, done) => {
    done(null, createSecureContext({ key: chain.key, cert: `${chain.cert}\n${chain.intermediate}` }))
  }
})

const CASES: [what: string, tls: () => TlsOptions, says: RegExp][] = [
  ['TLS 1.0 alone', old, /no version of TLS that is in use: .*RFC 8996.*update/],
  ['a server that wants a name', byName, /tls\.serverName/],
  ['a missing intermediate', withoutIntermediate, /intermediate.*tls\.caFile/]
]

describe.each(CLIENTS)('%s', (_, openClient) => {
  test.each(CASES)('%s is named, with what to set', async (_what, tls, says) => {
    client = await openClient(tls(), chain.root, {})
    await expect(client.preflight()).rejects.toMatchObject({
      phase: 'tls',
      message: expect.stringMatching(says) as unknown
    })
  })

  test('the settings that are named help', async () => {
    client = await openClient(byName(), chain.root, { serverName: 'localhost' })
    await expect(client.preflight()).resolves.toBeDefined()
    await client.close(200)
    server?.close()
    client = await openClient(withoutIntermediate(), `${chain.intermediate}\n${chain.root}`, {})
    await expect(client.preflight()).resolves.toBeDefined()
  })
})

describe('a probe', () => {
  const look = async (tls: TlsOptions): Promise<string> => {
    const record = await probe({
      ...{ host: '127.0.0.1', ports: [await startSmtp(tls)], timeoutMs: 30_000, caPem: chain.root }
    })
    const [found] = record.ports
    return [...(found?.warnings ?? []), found?.tlsProblem ?? ''].join('\n')
  }

  test.each<[what: string, tls: () => TlsOptions, says: RegExp]>([
    ['TLS 1.0 alone', old, /TLSv1 is out of use since RFC 8996/],
    ['a server that wants a name', byName, /name/],
    ['a missing intermediate', withoutIntermediate, /intermediate|tls\.caFile/]
  ])('names %s', async (_, tls, says) => {
    expect(await look(tls())).toMatch(says)
  })
})
