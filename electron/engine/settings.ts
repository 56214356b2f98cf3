import type { HttpTransport, SmtpTransport, Transport } from '../../shared/plan.ts'
import type { TransportRecord } from '../../shared/run-record.ts'
import { undiciSettings } from '../transports/http/undici-settings.ts'

type Settings = TransportRecord['settings']

/** Every knob of a transport that moves its numbers, those of the library clients included, for the record. */
export function describeSettings(transport: Transport, timeoutMs: number): Settings {
  return {
    noDelay: true,
    messagesPerConnection: transport.messagesPerConnection,
    maxConnections: transport.maxConnections,
    tlsVerify: transport.tls.verify,
    tlsResume: transport.tls.resume,
    tlsMinVersion: transport.tls.minVersion,
    tlsMaxVersion: transport.tls.maxVersion,
    testMode: transport.testMode,
    ...(transport.protocol === 'smtp' ? smtpSettings(transport) : httpSettings(transport, timeoutMs))
  }
}

function smtpSettings(transport: SmtpTransport): Settings {
  const pool = {
    pool: transport.messagesPerConnection !== 1,
    maxConnectionsPerPool: 1,
    maxRequeues: 0,
    tlsResume: false
  }
  return {
    security: transport.security,
    auth: transport.auth?.method ?? null,
    authInitialResponse: transport.auth?.initialResponse ?? null,
    pipelining: transport.pipelining,
    chunking: transport.chunking,
    overlap: transport.overlap,
    ...(transport.client === 'nodemailer' ? pool : {})
  }
}

function httpSettings(transport: HttpTransport, timeoutMs: number): Settings {
  return {
    provider: transport.provider,
    httpVersion: transport.http.version,
    keepAlive: transport.http.keepAlive,
    body: transport.http.body,
    streamsPerConnection: transport.http.version === '2' ? transport.http.streams : 1,
    ...(transport.client === 'undici' ? undiciSettings(transport, timeoutMs) : {})
  }
}
