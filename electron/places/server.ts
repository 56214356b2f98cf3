import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager, RetentionPolicy, type JetStreamClient } from '@nats-io/jetstream'
import { Kvm, type KV } from '@nats-io/kv'
import {
  connect,
  credsAuthenticator,
  PermissionViolationError,
  type NatsConnection,
  type NodeConnectionOptions
} from '@nats-io/transport-node'
import { systemCode, messageOf, RunError } from '../record/run-error.ts'
import { PLACES_BUCKET, PRESENCE_MS, RESULTS_STREAM, SUBJECTS } from './contract.ts'

/** Results are kept no longer than this when nobody reads them, and take no more room. */
const KEPT_NS = 3600 * 1e9
const KEPT_BYTES = 512 * 1024 * 1024
/** A result that is sent again within this time counts once, ns. */
const DUPLICATE_WINDOW_NS = 120 * 1e9
/** How long a server may take to hear what was told it last, ms. */
const LAST_MS = 2000

export interface ServerOptions {
  /** `nats://HOST:4222`, or `tls://HOST:4222`; user and password, or a token, may stand in it. */
  url: string
  /** A NATS credentials file. */
  credsFile?: string
  /** A certificate authority's file, PEM, for `tls://`. */
  caFile?: string
}

/** The control plane that coordinator and agents share: presence, requests and results. */
export interface Server {
  readonly connection: NatsConnection
  readonly stream: JetStreamClient
  readonly places: KV
  /** Resolves once the connection is closed for good: with the reason, or with null after {@link close}. */
  readonly closed: Promise<RunError | null>
  /** Closes the connection when the server has heard what was told it. */
  close(): Promise<void>
}

/**
 * Connects to a NATS server with JetStream, and makes what is shared there when it is not there yet.
 * @throws {RunError} with one line when it cannot be reached, refuses the login, or has no JetStream
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const shown = withoutLogin(options.url)
  let connection: NatsConnection
  try {
    connection = await connect({
      ...(await connectionOptions(options)),
      name: 'chattermark',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      timeout: 5000
    })
  } catch (error) {
    throw new RunError(`the server ${shown} cannot be used: ${serverReason(error)}`)
  }
  try {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({
      name: RESULTS_STREAM,
      subjects: [SUBJECTS.allResults],
      retention: RetentionPolicy.Limits,
      max_age: KEPT_NS,
      max_bytes: KEPT_BYTES,
      duplicate_window: DUPLICATE_WINDOW_NS
    })
    const places = await new Kvm(connection).create(PLACES_BUCKET, { ttl: PRESENCE_MS, history: 1 })
    return {
      connection,
      stream: jetstream(connection, { timeout: 2000 }),
      places,
      closed: untilClosed(connection, shown),
      async close() {
        const heard = connection.flush().catch(() => undefined)
        await Promise.race([heard, sleep(LAST_MS, null, { ref: false })])
        await connection.close()
      }
    }
  } catch (error) {
    await connection.close()
    throw new RunError(
      `the server ${shown} has no JetStream that can be used (${serverReason(error)}); start it with "nats-server --jetstream"`
    )
  }
}

/** A connection is of no use without one of our subjects: it is closed when the server refuses one. */
async function untilClosed(connection: NatsConnection, shown: string): Promise<RunError | null> {
  let denied: PermissionViolationError | null = null
  for await (const status of connection.status()) {
    if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue
    if (!status.error.subject.startsWith(SUBJECTS.all)) continue
    denied ??= status.error
    void connection.close()
  }
  const error = await connection.closed()
  if (denied !== null) {
    const what = denied.operation === 'publish' ? 'publish to' : 'subscribe to'
    return new RunError(`the server ${shown} does not permit this login to ${what} ${denied.subject}`)
  }
  return error instanceof Error
    ? new RunError(`the server ${shown} can no longer be used: ${serverReason(error)}`)
    : null
}

async function connectionOptions({ url, credsFile, caFile }: ServerOptions): Promise<NodeConnectionOptions> {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^(nats|tls):$/.test(parsed.protocol)) {
    throw new Error('found no address; allowed: nats://HOST:4222 or tls://HOST:4222')
  }
  const { username, password, host, protocol } = parsed
  const login =
    username === ''
      ? {}
      : password === ''
        ? { token: decodeURIComponent(username) }
        : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const creds =
    credsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credsFile)) }
  const tls =
    protocol === 'tls:' || caFile !== undefined ? { tls: caFile === undefined ? {} : { caFile } } : {}
  return { servers: host, ...login, ...creds, ...tls }
}

/** An address as it may be shown: without the user, password or token that may stand in it. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}

/** Why the server did not do something, in its own words or the system's. */
export function serverReason(error: unknown): string {
  const code = systemCode(error)
  const message = messageOf(error)
  return code === message || message === '' ? code : message
}
