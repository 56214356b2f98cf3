import { writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { messageSchema, type PlanInput } from '../../shared/plan/plan.ts'
import type { ExplainRecord } from '../../shared/record/explain-record.ts'
import type { ProbeRecord } from '../../shared/record/probe-record.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { selfSigned } from '../support/smtp-certificates.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { until } from '../support/until.ts'
import { debianBox, plainBox } from './box.ts'
import { arrived } from './compare.ts'
import type { Received, RunningSmtp, SmtpPeer } from './peer.ts'
import type { Finding, PeerReport } from './report.ts'
import { smtpWays, type Offer, type SmtpWay } from './smtp-ways.ts'

const MESSAGES = 200
const USER = 'bench'
const PASSWORD = 'peer-password'
/** What no server should have to say of a client. */
const IMPROPER =
  /improper|protocol error|syntax error|synchroni[sz]ation|unexpected|out of order|bad sequence|pipelining (?:error|violation)|panic|assert/i

/** Runs every way of sending that an SMTP server offers, and compares the record with what the server has. */
export async function checkSmtp(peer: SmtpPeer): Promise<PeerReport> {
  const box =
    peer.debian === undefined
      ? await plainBox(peer.name, peer.npm)
      : await debianBox(peer.name, peer.debian, peer.unpacked === true ? 'unpacked' : 'installed')
  const sink = await startRawServer({
    capabilities: ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 104857600']
  })
  let running: RunningSmtp | undefined
  try {
    const { key, cert } = await selfSigned()
    box.write('key.pem', key)
    box.write('cert.pem', cert)
    const ports = { plain: await freePort(), tls: await freePort() }
    running = await peer.start({ box, ports, sinkPort: sink.port, user: USER, password: PASSWORD })
    await until(`${peer.name} listens`, () => answers(ports.plain), 90_000)
    const caFile = join(box.files, 'cert.pem')
    const offer = await offered(running, ports, caFile)
    const received = running.received ?? (() => fromSink(sink.messages))
    const clear = running.clear ?? (() => void sink.messages.splice(0))
    const findings: Finding[] = []
    const ways = smtpWays(offer, running.user ?? USER, caFile)
    const one = { from: 'bench@example.com', to: ['one@example.com'], sizeBytes: 2048 }
    findings.push(...(await tryWays('', ways, one, received, true)))
    const kept = ways.filter(({ transport }) =>
      /^(?:pipelined|chunked|plain-kept|starttls-plain)$/.test(transport.name)
    )
    clear()
    const three = { ...one, to: ['one@example.com', 'two@example.com', 'three@example.com'] }
    findings.push(...(await tryWays('3 recipients: ', kept, three, received, false)))
    clear()
    const large = { ...one, attachments: [{ filename: 'a.bin', sizeBytes: 300_000 }] }
    findings.push(...(await tryWays('300 KB: ', kept, large, received, false)))
    if (offer.capabilities.some((line) => line.toUpperCase() === 'SMTPUTF8')) {
      clear()
      findings.push(
        ...(await tryWays('UTF-8: ', kept, { ...one, from: 'grüße@example.com' }, received, false))
      )
    }
    const improper = running
      .log()
      .split('\n')
      .filter((line) => IMPROPER.test(line))
    return { name: peer.name, version: running.version, offers: offerText(offer), findings, improper }
  } finally {
    await running?.stop?.()
    await box.close()
    await sink.close()
  }
}

async function tryWays(
  what: string,
  ways: readonly SmtpWay[],
  message: PlanInput['message'],
  received: () => Received[],
  explains: boolean
): Promise<Finding[]> {
  const folder = temporaryFolder()
  const planFile = join(folder, 'plan.json')
  const plan: PlanInput = {
    schema: 1,
    name: 'peer',
    message,
    load: { model: 'closed', concurrency: 4, messages: MESSAGES },
    warmupSeconds: 0,
    rounds: 2,
    timeoutSeconds: 10,
    transports: ways.map(({ transport }) => transport)
  }
  writeFileSync(planFile, JSON.stringify(plan))
  const env = { PEER_PASSWORD: PASSWORD }
  const before = received().length
  const explainFaults: Finding[] = []
  if (explains) {
    const { exitCode, stdout, stderr } = await cli(['explain', planFile, '--format', 'json'], env)
    const faults = stdout === '' ? [lastLines(stderr)] : failedSends(JSON.parse(stdout) as ExplainRecord)
    if (exitCode !== 0) explainFaults.push({ way: `${what}explain`, accepted: 0, turns: '', faults })
  }
  const explained = explains ? await settledCount(received, before) : before
  const result = await cli(['run', planFile, '--format', 'json', '--out', join(folder, 'run')], env)
  if (result.stdout === '') {
    return [{ way: `${what}run`, accepted: 0, turns: '', faults: [lastLines(result.stderr)] }]
  }
  const record = JSON.parse(result.stdout) as RunRecord
  const total = record.transports.reduce((sum, { counts }) => sum + counts.accepted, 0)
  const distinct = (): Received[] => received().slice(explained)
  await until(
    `${total} messages`,
    async () => countOf(await arrived(distinct(), messageSchema.parse(message))) >= total,
    60_000
  ).catch(() => undefined)
  // A server that hands on to each recipient by itself has more to hand on than there are messages.
  await settledCount(received, explained)
  const there = await arrived(distinct(), messageSchema.parse(message))
  const counts = [...there.byTag.values()].sort((a, b) => a - b).join()
  const accepted = record.transports
    .map(({ counts }) => counts.accepted)
    .sort((a, b) => a - b)
    .join()
  const whole: string[] = []
  if (counts !== accepted) whole.push(`accepted ${accepted}, arrived ${counts}`)
  if (there.duplicates > 0) whole.push(`${there.duplicates} duplicates`)
  if (there.changed > 0) whole.push(`${there.changed} bodies changed`)
  const ran = record.transports.map((transport, index): Finding => {
    const { cold, warm } = ways[index]?.turns ?? { cold: null, warm: null }
    const recipients = message.to.length - 1
    const isPipelined = transport.observed?.capabilities.some((line) => /^PIPELINING/i.test(line)) === true
    const extra = isPipelined && ways[index]?.transport.pipelining !== 'off' ? 0 : recipients
    const faults = transport.errors.map(
      (error) => `${error.count} x ${error.class} ${error.code}: ${error.sample}`
    )
    const isSmall = message.attachments === undefined
    const { turns } = transport
    if (isSmall && cold !== null && turns.cold !== null && !near(turns.cold, cold + extra))
      faults.push(`cold ${turns.cold} turns, table ${cold + extra}`)
    if (isSmall && warm !== null && turns.warm !== null && !near(turns.warm, warm + extra))
      faults.push(`warm ${turns.warm} turns, table ${warm + extra}`)
    const shown = [turns.cold, turns.warm].map((value) =>
      value === null ? '-' : String(Math.round(value * 100) / 100)
    )
    return {
      way: what + transport.name,
      accepted: transport.counts.accepted,
      turns: shown.join(' / '),
      faults: index === 0 ? [...whole, ...faults] : faults,
      notes: transport.notes
    }
  })
  return [...explainFaults, ...ran]
}

/** Resumed sessions may make a handshake of TLS 1.2 shorter; nothing makes one longer. */
function near(found: number, expected: number): boolean {
  return Math.abs(found - expected) < 0.01
}

function failedSends({ transports }: ExplainRecord): string[] {
  return transports.flatMap(({ name, connection, outcome, code }) =>
    outcome === 'accepted' ? [] : [`${name}, ${connection}: ${outcome} ${code}`]
  )
}

/** How many messages there are once nothing more comes. */
async function settledCount(received: () => Received[], before: number): Promise<number> {
  let last = -1
  await until(
    'all have arrived',
    async () => {
      const now = received().length
      const isSettled = now > before && now === last
      last = now
      await new Promise((resolve) => setTimeout(resolve, 300))
      return isSettled
    },
    30_000
  ).catch(() => undefined)
  return received().length
}

function countOf({ byTag }: { byTag: Map<string, number> }): number {
  return [...byTag.values()].reduce((sum, count) => sum + count, 0)
}

async function offered(
  running: RunningSmtp,
  ports: { plain: number; tls: number },
  caFile: string
): Promise<Offer> {
  const list = [...(running.plain ? [ports.plain] : []), ...(running.tls ? [ports.tls] : [])]
  const args = ['probe', '127.0.0.1', '--ports', list.join(), '--ca', caFile, '--format', 'json']
  const { stdout, stderr, exitCode } = await cli(args)
  if (exitCode !== 0) throw new Error(`probe ended with ${String(exitCode)}: ${lastLines(stderr)}`)
  const record = JSON.parse(stdout) as ProbeRecord
  const [plain, tls] = [ports.plain, ports.tls].map((port) => record.ports.find((each) => each.port === port))
  if (plain?.state !== 'smtp')
    throw new Error(`probe calls port ${ports.plain} ${plain?.state}: ${plain?.warnings.join('; ')}`)
  const capabilities = plain.capabilitiesAfterTls.length > 0 ? plain.capabilitiesAfterTls : plain.capabilities
  return {
    plain: ports.plain,
    tls: tls?.state === 'tls-smtp' ? ports.tls : null,
    starttls: plain.starttls && plain.tls !== null,
    capabilities,
    auth: running.cannotLogIn === true ? [] : plain.auth,
    mustLogIn: running.mustLogIn ?? 'nowhere'
  }
}

function offerText({ capabilities, auth, starttls, tls }: Offer): string {
  const extensions = ['PIPELINING', 'CHUNKING', 'SMTPUTF8', '8BITMIME'].filter((name) =>
    capabilities.some((line) => line.toUpperCase().startsWith(name))
  )
  const security = [...(starttls ? ['STARTTLS'] : []), ...(tls === null ? [] : ['TLS'])]
  return [...security, ...extensions, ...(auth.length === 0 ? [] : [`AUTH ${auth.join(' ')}`])].join(', ')
}

function fromSink(messages: readonly { commands: string[]; content: string }[]): Received[] {
  return messages.map(({ commands, content }) => ({
    bytes: Buffer.from(content, 'latin1'),
    recipients: commands.flatMap((line) => /^RCPT TO:<(.*?)>/i.exec(line)?.[1] ?? [])
  }))
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' ')
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
