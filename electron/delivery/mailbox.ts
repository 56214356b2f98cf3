import { ImapFlow, type FetchMessageObject } from 'imapflow'
import { isLoopbackHost } from '../../shared/plan/loopback.ts'
import { ID_HEADER } from '../../shared/providers/provider.ts'
import { redactor } from '../transports/redact.ts'
import { FolderWatch } from './folder-watch.ts'
import { guardedAddress } from './guarded-lookup.ts'
import { findHops } from './hops.ts'
import { findMark } from './mark.ts'
import type { AwaitedTags, MailboxSettings } from './receiver-calls.ts'
import type { Seen, Source } from './source.ts'

/** All that is asked for of a message. */
const HEADERS = [ID_HEADER, 'Message-ID', 'Received']
/** A reply larger than this is no header of ours, bytes. */
const MAX_LITERAL_BYTES = 1024 * 1024

/**
 * Logs in to a mailbox and waits there for messages of these tags. Nothing in it is changed: folders are opened to be
 * read, and of messages that come in from now on three fields of the header are.
 * @throws {Error} when it cannot be reached, the login is refused, or a folder is not there; never with the password in it
 */
export async function openMailbox(settings: MailboxSettings & AwaitedTags): Promise<Source> {
  const places = new Map(settings.tags.map((tag, place) => [tag, place]))
  const redact = redactor([settings.password])
  const connect = (): Promise<ImapFlow> => openClient(settings)
  let seen: Seen[] = []
  const onMessage = (message: FetchMessageObject, atUs: number, sinceUs: number, isJunk: boolean): void => {
    const header = message.headers?.toString('latin1') ?? ''
    const mark = findMark(header)
    const tag = mark === null ? undefined : places.get(mark.tag)
    if (mark === null || tag === undefined) return
    const date = message.internalDate
    seen.push({
      ...{ tag, seq: mark.seq, atUs, resolutionUs: atUs - sinceUs, isJunk, hops: findHops(header) },
      serverDateMs: date === undefined ? null : new Date(date).getTime()
    })
  }
  const told = (error: unknown): Error => new Error(redact(`${settings.host}: ${imapReason(error)}`))
  const watches: FolderWatch[] = []
  const close = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.close()))
  }
  try {
    const junk = settings.junkFolders ?? (await findJunk(connect, settings.folders))
    const folders = [
      ...settings.folders.map((path) => ({ path, isJunk: false })),
      ...junk.map((path) => ({ path, isJunk: true }))
    ]
    for (const { path, isJunk } of folders) {
      const watch = new FolderWatch(
        { path, connect, checkMs: settings.checkMs, headers: HEADERS },
        (...news) => {
          onMessage(...news, isJunk)
        }
      )
      watches.push(watch)
      await watch.open()
    }
  } catch (error) {
    await close()
    throw told(error)
  }
  return {
    take() {
      const failed = watches.find(({ failure }) => failure !== null)
      if (failed !== undefined) return Promise.reject(told(failed.failure))
      const taken = seen
      seen = []
      return Promise.resolve({ seen: taken, askedUs: Math.min(...watches.map(({ checkedUs }) => checkedUs)) })
    },
    close
  }
}

async function openClient({ tls, ...settings }: MailboxSettings): Promise<ImapFlow> {
  const { host, port, security, method, user, password, timeoutMs } = settings
  const isName = isLoopbackHost(host)
  const serverName = tls.serverName ?? (isName && /[a-z]/i.test(host) ? host : null)
  const client = new ImapFlow({
    // A name that counts as this machine is looked up here, so that it cannot lead elsewhere.
    host: isName ? await guardedAddress(host) : host,
    port,
    ...(serverName === null ? {} : { servername: serverName }),
    secure: security === 'tls',
    doSTARTTLS: security === 'starttls',
    auth: method === 'plain' ? { user, pass: password } : { user, accessToken: password },
    tls: {
      rejectUnauthorized: tls.verify,
      minVersion: tls.minVersion,
      maxVersion: tls.maxVersion,
      ...(tls.caPem === null ? {} : { ca: tls.caPem })
    },
    logger: false,
    disableAutoIdle: true,
    maxLiteralSize: MAX_LITERAL_BYTES,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs
  })
  // Without a listener an error would end the process; the command in flight fails by itself.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** The folder that the server itself calls its junk (RFC 6154), or one by the usual names. */
async function findJunk(connect: () => Promise<ImapFlow>, folders: readonly string[]): Promise<string[]> {
  const client = await connect()
  try {
    const found = (await client.list()).find(({ specialUse }) => specialUse === '\\Junk')
    return found === undefined || folders.includes(found.path) ? [] : [found.path]
  } finally {
    await client.logout()
  }
}

function imapReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { responseText, authenticationFailed } = error as Error & {
    responseText?: string
    authenticationFailed?: boolean
  }
  if (authenticationFailed === true) return `the login is refused: ${responseText ?? 'without a word'}`
  return responseText === undefined ? error.message : `${error.message}: ${responseText}`
}
