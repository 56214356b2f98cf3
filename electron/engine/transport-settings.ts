import type { HttpTransport, Plan, SmtpTransport, Transport } from '../../shared/plan/plan.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { ATTEMPT_DELAY_MS } from '../transports/connect/address-race.ts'
import { undiciSettings } from '../transports/http/undici-settings.ts'

type Settings = TransportRecord['settings']

/** Every knob of a transport that moves its numbers, those of the library clients included, for the record. */
export function describeSettings(
  transport: Transport,
  { timeoutSeconds, sendTimeoutSeconds }: Pick<Plan, 'timeoutSeconds' | 'sendTimeoutSeconds'>
): Settings {
  return {
    noDelay: true,
    lookup: LOOKUPS[transport.client],
    family: transport.family,
    addressAttemptDelayMs: ATTEMPT_DELAY_MS,
    timeoutSeconds,
    sendTimeoutSeconds,
    messagesPerConnection: transport.messagesPerConnection,
    maxConnections: transport.maxConnections,
    tlsVerify: transport.tls.verify,
    tlsResume: transport.tls.resume,
    tlsMinVersion: transport.tls.minVersion,
    tlsMaxVersion: transport.tls.maxVersion,
    testMode: transport.testMode,
    ...(transport.protocol === 'smtp' ? smtpSettings(transport) : httpSettings(transport))
  }
}

/** When a name is looked up. */
const LOOKUPS: Readonly<Record<Transport['client'], string>> = {
  wire: 'each new connection, by the system',
  undici: 'each new connection, by the system',
  nodemailer: 'by nodemailer, which keeps the answer for 5 minutes'
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

function httpSettings(transport: HttpTransport): Settings {
  return {
    provider: transport.provider,
    httpVersion: transport.http.version,
    keepAlive: transport.http.keepAlive,
    body: transport.http.body,
    streamsPerConnection: transport.http.version === '2' ? transport.http.streams : 1,
    ...(transport.client === 'undici' ? undiciSettings(transport) : {})
  }
}
