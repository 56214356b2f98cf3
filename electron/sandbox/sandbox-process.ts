import type { AddressInfo, Server } from 'node:net'
import { Behaviour } from './behaviour.ts'
import { makeCertificate } from './certificate.ts'
import { answerCalls } from './child-calls.ts'
import { httpSandbox, httpsSandbox } from './http-sandbox.ts'
import { Ledger } from './ledger.ts'
import { connectParent } from './parent-link.ts'
import { PreciseTimer } from './precise-timer.ts'
import type { Relay, RelayTarget } from './relay.ts'
import type { SandboxAddresses, SandboxCalls, SandboxSettings } from './sandbox-calls.ts'
import { removeFolderOf } from './remove-folder-of.ts'
import { smtpSandbox } from './smtp-sandbox.ts'

/** The process of the built-in servers: started by `startSandbox`, asked through `SandboxCalls`. */
function serve(): void {
  let ledger = new Ledger(false)
  answerCalls<SandboxCalls>(connectParent(), {
    start: (settings) => {
      ledger = new Ledger(settings.recordArrivals ?? false)
      return startServers(settings, ledger)
    },
    stats: () => ledger.stats,
    arrivals: () => ledger.arrivals
  })
}

async function startServers(settings: SandboxSettings, ledger: Ledger): Promise<SandboxAddresses> {
  const behaviour = new Behaviour(settings, new PreciseTimer())
  const certificate = await makeCertificate()
  process.on('exit', () => removeFolderOf(certificate.caFile))
  const host = settings.host ?? '127.0.0.1'
  const relay = await openRelay(settings.relay)
  const listen = (server: Server, port = 0, what: string): Promise<number> =>
    listenOn(server, host, port, what)
  const parts = { certificate, behaviour, ledger, relay }
  const [smtpPort, smtpsPort, apiPort, apiTlsPort] = await Promise.all([
    listen(smtpSandbox('starttls', parts).server, settings.smtpPort, 'SMTP'),
    listen(smtpSandbox('tls', parts).server, settings.smtpsPort, 'SMTP over TLS'),
    listen(httpSandbox(parts), settings.apiPort, 'the API'),
    listen(httpsSandbox(parts), settings.apiTlsPort, 'the API over TLS')
  ])
  return { smtpPort, smtpsPort, apiPort, apiTlsPort, caFile: certificate.caFile }
}

/** Loaded only where it is wanted: it brings a whole mail library along. */
async function openRelay(target: RelayTarget | undefined): Promise<Relay | null> {
  if (target === undefined) return null
  const { Relay } = await import('./relay.ts')
  return new Relay(target)
}

function listenOn(server: Server, host: string, port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`the sandbox cannot listen on ${host}:${port} for ${what}: ${error.message}`))
    })
    server.listen({ host, port, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })
}

serve()
