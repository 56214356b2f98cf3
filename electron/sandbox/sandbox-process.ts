import type { AddressInfo, Server } from 'node:net'
import { isMainThread, workerData } from 'node:worker_threads'
import { Behaviour } from './behaviour.ts'
import { makeCertificate, removeCertificate } from './certificate.ts'
import { answerCalls } from './child-calls.ts'
import { httpSandbox, httpsSandbox } from './http-sandbox.ts'
import { Ledger } from './ledger.ts'
import { connectParent } from './parent-link.ts'
import { PreciseTimer, runTimerThread } from './precise-timer.ts'
import type { SandboxAddresses, SandboxCalls, SandboxSettings } from './sandbox-calls.ts'
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
  const behaviour = new Behaviour(settings, new PreciseTimer(new URL(import.meta.url)))
  const certificate = await makeCertificate()
  process.on('exit', () => removeCertificate(certificate.caFile))
  const host = settings.host ?? '127.0.0.1'
  const listen = (server: Server, port = 0, what: string): Promise<number> =>
    listenOn(server, host, port, what)
  const smtp = smtpSandbox('starttls', certificate, behaviour, ledger).server
  const smtps = smtpSandbox('tls', certificate, behaviour, ledger).server
  const [smtpPort, smtpsPort, apiPort, apiTlsPort] = await Promise.all([
    listen(smtp, settings.smtpPort, 'SMTP'),
    listen(smtps, settings.smtpsPort, 'SMTP over TLS'),
    listen(httpSandbox(behaviour, ledger), settings.apiPort, 'the API'),
    listen(httpsSandbox(certificate, behaviour, ledger), settings.apiTlsPort, 'the API over TLS')
  ])
  return { smtpPort, smtpsPort, apiPort, apiTlsPort, caFile: certificate.caFile }
}

function listenOn(server: Server, host: string, port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`the sandbox cannot listen on ${host}:${port} for ${what}: ${error.message}`))
    })
    server.listen({ host, port, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })
}

if (isMainThread) serve()
else runTimerThread(workerData as SharedArrayBuffer)
