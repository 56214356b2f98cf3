import { coldTurns, warmTurns, type SmtpShape } from '../../shared/insight/turns.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'

type TransportInput = Extract<PlanInput['transports'][number], { protocol: 'smtp' }>

/** What a peer offers, as the probe has found. */
export interface Offer {
  plain: number | null
  tls: number | null
  starttls: boolean
  capabilities: readonly string[]
  auth: readonly string[]
  /** Where nobody may send without a login. */
  mustLogIn: 'everywhere' | 'tls' | 'nowhere'
}

/** One way of sending: its transport, and the turns that the design's table gives it. */
export interface SmtpWay {
  transport: TransportInput
  turns: { cold: number | null; warm: number | null }
}

const METHODS = ['plain', 'login', 'cram-md5'] as const
type Method = (typeof METHODS)[number]

/** Every way of sending that a peer offers. */
export function smtpWays(offer: Offer, user: string, caFile: string): SmtpWay[] {
  const has = (keyword: string): boolean =>
    offer.capabilities.some((line) => line.toUpperCase().startsWith(keyword))
  const ways: SmtpWay[] = []
  const add = (
    name: string,
    security: SmtpShape['security'],
    fields: Partial<TransportInput> & { method?: Method } = {}
  ): void => {
    const port = security === 'tls' ? offer.tls : offer.plain
    const isBound = offer.mustLogIn === 'everywhere' || offer.mustLogIn === security
    const { method = isBound ? 'plain' : undefined, ...rest } = fields
    if (port === null || (method !== undefined && !offer.auth.includes(method.toUpperCase()))) return
    const transport: TransportInput = {
      name,
      protocol: 'smtp',
      host: '127.0.0.1',
      port,
      security,
      ehloName: 'client.example.com',
      ...(security === 'none' ? {} : { tls: { caFile, serverName: 'localhost' } }),
      ...(method === undefined ? {} : { auth: { method, user, password: { env: 'PEER_PASSWORD' } } }),
      ...rest
    }
    const isNodemailer = rest.client === 'nodemailer'
    const pipelining = has('PIPELINING') && rest.pipelining !== 'off'
    const chunking = has('CHUNKING') && rest.chunking === 'auto'
    const shape: SmtpShape = {
      security,
      tlsVersion: 'TLSv1.3',
      resumed: false,
      auth: method ?? 'none',
      initialResponse: true,
      pipelining,
      chunking,
      recipients: 1
    }
    const isCold = rest.messagesPerConnection === 1
    ways.push({
      transport,
      turns: {
        cold: isNodemailer ? null : coldTurns(shape),
        warm: isNodemailer || isCold || rest.overlap === true ? null : warmTurns(shape)
      }
    })
  }
  add('plain-cold', 'none', { messagesPerConnection: 1 })
  add('plain-kept', 'none', { pipelining: 'off' })
  if (has('PIPELINING')) {
    add('pipelined', 'none')
    add('overlap', 'none', { overlap: true })
  }
  if (has('CHUNKING')) add('chunked', 'none', { chunking: 'auto' })
  add('nodemailer', 'none', { client: 'nodemailer' })
  if (offer.starttls) {
    add('starttls-cold', 'starttls', { messagesPerConnection: 1 })
    add('starttls-kept', 'starttls')
    for (const method of METHODS) add(`starttls-${method}`, 'starttls', { method })
  } else for (const method of METHODS) add(`auth-${method}`, 'none', { method })
  add('tls-cold', 'tls', { messagesPerConnection: 1 })
  add('tls-kept', 'tls')
  return ways
}
