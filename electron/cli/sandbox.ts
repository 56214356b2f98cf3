import { startDelayLink } from '../sandbox/delay-link.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { CommandError, EXIT } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { untilSignalled } from './signals.ts'

export interface SandboxCommand {
  rtt: number
  smtpPort?: number
  apiPort?: number
  /** Where it passes on what it took; nowhere by default. */
  relay?: { host: string; port: number }
  format: Format
}

/** `chattermark sandbox`: serves until a signal ends it. */
export async function sandbox(options: SandboxCommand): Promise<void> {
  const { rtt, smtpPort = 0, apiPort = 0, relay } = options
  const linked = rtt > 0
  const servers = await startSandbox({ ...(linked ? {} : { smtpPort, apiPort }), relay })
  const own = [servers.smtpPort, servers.smtpsPort, port(servers.apiUrl), port(servers.apiTlsUrl)]
  const link = linked
    ? await startDelayLink({
        targets: own.map((target, index) => ({
          host: servers.host,
          port: target,
          listenPort: [smtpPort, 0, apiPort, 0][index] ?? 0
        })),
        rttMs: rtt
      }).catch(async (error: unknown) => {
        await servers.stop()
        const reason = error instanceof Error ? error.message : String(error)
        throw new CommandError(EXIT.couldNotRun, `the delay link before the sandbox cannot start: ${reason}`)
      })
    : null
  const [smtp, smtps, api, apiTls] = link?.ports ?? own
  const facts = {
    host: servers.host,
    smtpPort: smtp,
    smtpsPort: smtps,
    apiUrl: `http://${servers.host}:${api}`,
    apiTlsUrl: `https://localhost:${apiTls}`,
    user: servers.user,
    password: servers.password,
    apiKey: servers.apiKey,
    domain: servers.domain,
    caFile: servers.caFile,
    rttMs: rtt
  }
  // From here on: who reads where it is may end it at once.
  const signalled = untilSignalled()
  if (options.format === 'json') printJson(facts)
  else print(describe(facts))
  say('Ctrl-C ends it.')
  await signalled
  await link?.stop()
  await servers.stop()
}

function port(url: string): number {
  return Number(new URL(url).port)
}

function describe(facts: Record<string, string | number | undefined>): string {
  const label: Record<string, string> = {
    host: 'host',
    smtpPort: 'SMTP, STARTTLS',
    smtpsPort: 'SMTP, implicit TLS',
    apiUrl: 'HTTP API',
    apiTlsUrl: 'HTTPS API',
    user: 'SMTP user',
    password: 'SMTP password',
    apiKey: 'API key (user api)',
    domain: 'sending domain',
    caFile: 'certificate to trust',
    rttMs: 'emulated RTT, ms'
  }
  return Object.entries(facts)
    .map(([key, value]) => `${(label[key] ?? key).padEnd(22)}${value ?? ''}`)
    .join('\n')
}
