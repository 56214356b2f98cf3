import type { Client } from '../../electron/transports/client.ts'
import type { Lookup } from '../../electron/transports/connect/resolver.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import type { Phase } from '../../shared/record/words.ts'
import { type Peer, startHttp1Peer, startHttp2Peer, startSmtpPeer } from './contract-peers.ts'
import { httpOptions } from './http-options.ts'
import { smtpClient } from './smtp-sending.ts'

/** How a client of the contract is opened. */
export interface ContractSetup {
  port: number
  host?: string
  /** TLS begins with the connection. */
  secure?: boolean
  /** A new connection for each message. */
  cold?: boolean
  timeoutMs?: number
  sendTimeoutMs?: number
  /** Of the message. */
  sizeBytes?: number
  lookup?: Lookup
}

/** One of the six ways of sending, with a peer of its protocol. */
export interface Contender {
  name: string
  protocol: 'smtp' | 'http'
  /** Phase in which the answer to a whole message is waited for, and in which an answer that has begun is. */
  waiting: Phase
  answering: Phase
  /** A send that is given up leaves the connection in use: HTTP/2 cancels a stream alone (RFC 9113, section 8.1). */
  keepsWhenCut: boolean
  /** Lanes share connections, and the receiver of a content says how much of it may come (HTTP/2). */
  hasStreams: boolean
  startPeer(): Promise<Peer>
  open(setup: ContractSetup): Promise<Client>
}

const SMTP = {
  protocol: 'smtp',
  waiting: 'content',
  answering: 'content',
  keepsWhenCut: false,
  hasStreams: false
} as const
const HTTP = { protocol: 'http', waiting: 'wait', answering: 'response' } as const

const smtp = (client: 'wire' | 'nodemailer'): Contender => ({
  ...SMTP,
  name: `SMTP by ${client}`,
  startPeer: startSmtpPeer,
  open: ({ host = '127.0.0.1', secure = false, cold = false, sizeBytes = 5, ...setup }) =>
    smtpClient({
      ...setup,
      message: { sizeBytes },
      connectHost: host,
      transport: { client, security: secure ? 'tls' : 'none', messagesPerConnection: cold ? 1 : null }
    })
})

const http = (name: string, create: typeof createUndiciClient, version: '1.1' | '2'): Contender => ({
  ...HTTP,
  name: `HTTP/${version} by ${name}`,
  // undici's streams cannot be cancelled while their body is on its way.
  keepsWhenCut: version === '2' && name === 'wire',
  hasStreams: version === '2',
  startPeer: version === '2' ? startHttp2Peer : startHttp1Peer,
  open: async ({ port, host = '127.0.0.1', secure = false, cold = false, sizeBytes = 5, ...setup }) =>
    create(
      await httpOptions({
        ...setup,
        message: { sizeBytes },
        url: `http${secure ? 's' : ''}://${host}:${port}`,
        transport: { http: { version, keepAlive: !cold } }
      })
    )
})

/** All six clients. */
export const CONTENDERS: readonly Contender[] = [
  smtp('wire'),
  smtp('nodemailer'),
  http('wire', createHttpWireClient, '1.1'),
  http('wire', createHttpWireClient, '2'),
  http('undici', createUndiciClient, '1.1'),
  http('undici', createUndiciClient, '2')
]
