import { randomBytes } from 'node:crypto'
import { startReceiveHub } from '../delivery/receive-hub.ts'
import { makeCertificate } from '../sandbox/certificate.ts'
import { removeFolderOf } from '../sandbox/remove-folder-of.ts'
import { counted } from '../../shared/text/format.ts'
import { urlHost } from '../../shared/text/url-host.ts'
import { CommandError, EXIT } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { isLoopbackHost } from '../../shared/plan/loopback.ts'
import { untilSignalled } from './signals.ts'

export interface ReceiveCommand {
  port: number
  host: string
  tls: boolean
  http: number
  httpHost: string
  format: Format
}

/** Names the token, so that it is the same each time. */
const TOKEN_VARIABLE = 'CHATTERMARK_RECEIVER_TOKEN'
/** Below that it could be guessed. */
const MIN_TOKEN_CHARACTERS = 16
/** How often it says what has come, when something has, ms. */
const TELL_MS = 10_000

/** `chattermark receive`: takes the mail of runs that ask it, until a signal ends it. */
export async function receive(options: ReceiveCommand): Promise<void> {
  const { host, port, httpHost, http, tls, format } = options
  const token = tokenOf(process.env[TOKEN_VARIABLE])
  const certificate = tls ? await makeCertificate() : null
  try {
    const hub = await startReceiveHub({
      ...{ smtp: { host, port }, http: { host: httpHost, port: http }, token },
      ...(certificate === null ? {} : { certificate })
    }).catch((error: unknown) => {
      throw new CommandError(EXIT.couldNotRun, error instanceof Error ? error.message : String(error))
    })
    const facts = {
      ...{ host, smtpPort: hub.smtpPort, tls },
      ...{ url: `http://${urlHost(httpHost)}:${hub.httpPort}`, token }
    }
    // From here on: who reads where it is may end it at once.
    const signalled = untilSignalled()
    if (format === 'json') printJson(facts)
    else print(describe(facts))
    if (!isLoopbackHost(httpHost)) {
      say('Mind: runs ask over HTTP, where anyone on the way can read the token. A tunnel (ssh -L) keeps it.')
    }
    say('Only messages of runs that ask here are taken, and none is passed on. Ctrl-C ends it.')
    let told = 0
    const timer = setInterval(() => {
      const { taken, runs } = hub.counts()
      if (taken > told) say(`${counted(taken, 'message')} so far; ${counted(runs, 'run')} asking`)
      told = taken
    }, TELL_MS)
    await signalled
    clearInterval(timer)
    await hub.close()
  } finally {
    if (certificate !== null) removeFolderOf(certificate.caFile)
  }
}

function tokenOf(given: string | undefined): string {
  if (given === undefined || given === '') return randomBytes(18).toString('base64url')
  if (given.length >= MIN_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(given)) return given
  throw new CommandError(
    EXIT.usage,
    `${TOKEN_VARIABLE} needs ${MIN_TOKEN_CHARACTERS} or more characters of ASCII without spaces; nothing was started.`
  )
}

function describe(facts: {
  host: string
  smtpPort: number
  tls: boolean
  url: string
  token: string
}): string {
  return [
    `SMTP                  ${facts.host}:${facts.smtpPort}${facts.tls ? ', STARTTLS' : ''}`,
    `runs ask at           ${facts.url}`,
    `token                 ${facts.token}`,
    'in a plan             ' +
      `"delivery": { "receiver": "sink", "url": "${facts.url}", "token": { "env": "${TOKEN_VARIABLE}" } }`
  ].join('\n')
}
