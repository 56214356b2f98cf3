import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { selfSigned } from '../support/smtp-certificates.ts'
import { until } from '../support/until.ts'
import { debianBox, plainBox } from './box.ts'
import { answers, freePort } from './check-smtp.ts'
import type { HttpPeer, HttpWay, RunningHttp } from './peer.ts'
import type { Finding, PeerReport } from './report.ts'

const MESSAGES = 200
const PORTS = 5
const SLOW_MS = 100
const CLIENTS = ['wire', 'undici'] as const
/** What each way is answered with. */
const STATUS: Readonly<Record<HttpWay, number>> = {
  'HTTP/1.1': 200,
  'HTTP/1.1 closed after 10': 200,
  'HTTP/2': 200,
  'HTTP/2 gone after 10': 200,
  'HTTP/2 one stream': 200,
  'HTTP/2 slow upstream': 200,
  '413': 413,
  '502': 502,
  gzip: 200
}
/** What a gateway says when its own upstream is not there. */
const GATEWAY_FAULTS = [502, 503]

/** Calls an HTTP server in every way that it offers, and compares the record with its access log. */
export async function checkHttp(peer: HttpPeer): Promise<PeerReport> {
  const box = peer.debian === undefined ? await plainBox(peer.name) : await debianBox(peer.name, peer.debian)
  const api = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const answer = (): void => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end('{"id":"<1@api.test>","message":"Queued. Thank you."}')
      }
      if (request.url?.startsWith('/slow') === true) setTimeout(answer, SLOW_MS)
      else answer()
    })
  }).listen(0, '127.0.0.1')
  // No gateway may find a connection to it gone.
  api.keepAliveTimeout = 120_000
  try {
    const { key, cert } = await selfSigned()
    box.write('key.pem', key)
    box.write('cert.pem', cert)
    await until('the API listens', () => api.listening)
    const ports: number[] = []
    while (ports.length < PORTS) ports.push(await freePort())
    const running = await peer.start({ box, ports, apiPort: (api.address() as AddressInfo).port })
    await until(`${peer.name} listens`, () => answers(ports[0] ?? 0))
    const findings: Finding[] = []
    for (const way of Object.keys(running.urls) as HttpWay[]) {
      findings.push(...(await tryWay(way, running, join(box.files, 'cert.pem'))))
    }
    return {
      name: peer.name,
      version: running.version,
      offers: Object.keys(running.urls).join(', '),
      findings,
      improper: []
    }
  } finally {
    api.close()
    api.closeAllConnections()
    await box.close()
  }
}

async function tryWay(way: HttpWay, running: RunningHttp, caFile: string): Promise<Finding[]> {
  const url = running.urls[way]
  if (url === undefined) return []
  const folder = temporaryFolder()
  const planFile = join(folder, 'plan.json')
  const isLarge = way === '413'
  const plan: PlanInput = {
    schema: 1,
    name: 'peer',
    message: { from: 'bench@example.com', to: ['one@example.com'], sizeBytes: isLarge ? 300_000 : 1024 },
    load: { model: 'closed', concurrency: 10, messages: MESSAGES },
    warmupSeconds: 0,
    rounds: 2,
    timeoutSeconds: 10,
    // A run in which nothing was accepted is a failure unless that is meant.
    ...(STATUS[way] === 200 ? {} : { assert: CLIENTS.map((client) => `${client}.accepted == 0`) }),
    transports: CLIENTS.map((client) => ({
      name: client,
      protocol: 'http',
      client,
      provider: 'mailgun',
      url,
      domain: 'example.com',
      http: { version: way.startsWith('HTTP/2') ? '2' : '1.1' },
      ...(url.startsWith('https:') ? { tls: { caFile, serverName: 'localhost' } } : {})
    }))
  }
  writeFileSync(planFile, JSON.stringify(plan))
  const before = new Map(await running.statuses())
  const result = await cli(['run', planFile, '--format', 'json', '--out', join(folder, 'run')])
  if (result.exitCode !== 0)
    return [{ way, accepted: 0, turns: '', faults: [result.stderr.trim().slice(-300)] }]
  const record = JSON.parse(result.stdout) as RunRecord
  const isFine = (code: string): boolean =>
    way === '502' ? GATEWAY_FAULTS.includes(Number(code)) : Number(code) === STATUS[way]
  const told = record.transports.reduce(
    (sum, { counts, errors }) =>
      sum +
      counts.accepted +
      errors.reduce((refused, { class: kind, count }) => refused + (kind === 'rejected' ? count : 0), 0),
    0
  )
  let logged = 0
  await until(
    'the access log',
    async () => {
      const now = await running.statuses()
      logged = 0
      for (const [status, count] of now)
        if (isFine(String(status))) logged += count - (before.get(status) ?? 0)
      return logged >= told
    },
    5000
  ).catch(() => undefined)
  return record.transports.map((transport, index): Finding => {
    const { counts, errors, turns } = transport
    const faults = errors
      .filter(({ code }) => !isFine(code))
      .map((error) => `${error.count} x ${error.class} ${error.code}: ${error.sample}`)
    const right = STATUS[way] === 200 ? counts.accepted : counts.rejected
    if (right !== MESSAGES) faults.push(`${right} of ${MESSAGES} as it should be`)
    if (index === 0 && logged !== told) faults.push(`record ${told}, access log ${logged}`)
    const shown = [turns.cold, turns.warm].map((value) =>
      value === null ? '-' : String(Math.round(value * 100) / 100)
    )
    return {
      way: `${way} ${transport.client}`,
      accepted: counts.accepted,
      turns: shown.join(' / '),
      faults,
      notes: transport.notes
    }
  })
}
