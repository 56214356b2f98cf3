import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../electron/engine/create-client.ts'
import { startDelayLink, type DelayLink } from '../../electron/sandbox/delay-link.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { nowUs } from '../../electron/transports/clock.ts'
import type { Lane } from '../../electron/transports/client.ts'
import { composeContent } from '../../electron/transports/content.ts'
import type { PlanInput, Transport } from '../../shared/plan/plan.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import { expectTurns } from '../support/expect-turns.ts'
import { capturePackets, whyNoCapture, type PacketCapture } from '../support/packet-capture.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

/** Far enough for what is said without waiting to be under way together, near enough to be quick. */
const RTT_MS = 30

const off = { pipelining: 'off' } as const
const rows: { sentence: string; transport: PlanInput['transports'][number]; turns: number[] }[] = [
  {
    sentence: '587, one command at a time',
    transport: { name: 't', ...SANDBOX_SUBMISSION, ...off },
    turns: [11, 4]
  },
  { sentence: '587 pipelined', transport: { name: 't', ...SANDBOX_SUBMISSION }, turns: [9, 2, 2] },
  {
    sentence: '587 chunked',
    transport: { name: 't', ...SANDBOX_SUBMISSION, chunking: 'auto' },
    turns: [8, 1]
  },
  {
    sentence: '465 with TLS 1.2',
    transport: {
      name: 't',
      ...SANDBOX_SUBMISSION,
      ...off,
      security: 'tls',
      tls: { maxVersion: 'TLSv1.2' }
    },
    turns: [9, 4]
  },
  {
    sentence: '587 with nodemailer',
    transport: { name: 't', ...SANDBOX_SUBMISSION, client: 'nodemailer' },
    turns: [9, 2]
  },
  { sentence: 'the API', transport: { name: 't', ...SANDBOX_API }, turns: [3, 1, 1] },
  {
    sentence: 'the API with undici',
    transport: { name: 't', ...SANDBOX_API, client: 'undici' },
    turns: [3, 1]
  }
]

const reason = whyNoCapture()
if (reason !== null) console.warn(`SKIPPED: the counted turns are not compared with packets, since ${reason}`)

describe.skipIf(reason !== null)('the turns of a message are the direction changes of its packets', () => {
  let sandbox: Sandbox
  let link: DelayLink
  let capture: PacketCapture
  beforeAll(async () => {
    sandbox = await startSandbox()
    const ports = [sandbox.smtpPort, sandbox.smtpsPort, Number(new URL(sandbox.apiTlsUrl).port)]
    link = await startDelayLink({
      targets: ports.map((port) => ({ host: sandbox.host, port })),
      rttMs: RTT_MS
    })
    capture = await capturePackets(link.ports)
  })
  afterAll(async () => {
    await capture.stop()
    await link.stop()
    await sandbox.stop()
  })

  test.each(rows)('$sentence: $turns', ({ transport, turns }) =>
    expectTurns(turns, () => measure(transport, turns.length))
  )

  async function measure(
    input: (typeof rows)[number]['transport'],
    count: number
  ): Promise<{ own: number[]; seen: number[] }> {
    const plan = sandboxPlan({ transports: [input] })
    const transport = plan.transports[0]!
    const isSmtp = transport.protocol === 'smtp'
    const client = await createClient({
      transport: atSandbox(transport),
      connectHost: '127.0.0.1',
      connectPort: link.ports[isSmtp ? (transport.security === 'tls' ? 1 : 0) : 2]!,
      password: isSmtp ? sandbox.password : sandbox.apiKey,
      caPem: readFileSync(sandbox.caFile, 'utf8'),
      content: await composeContent(plan.message, '0123456789abcdef'),
      timeoutMs: 10_000,
      concurrency: 1
    })
    const send = oneByOne((onDone) => client.openLane(0, onDone))
    const own: number[] = []
    const seen: number[] = []
    for (let seq = 0; seq < count; seq++) {
      own.push(await send(seq))
      seen.push(await capture.directionChanges())
    }
    await client.close(2000)
    return { own, seen }
  }

  /** The same transport with the sandbox's own names in place of the plan's. */
  function atSandbox(transport: Transport): Transport {
    const tls = { ...transport.tls, serverName: 'localhost' }
    return transport.protocol === 'smtp'
      ? { ...transport, host: 'localhost', tls }
      : { ...transport, url: sandbox.apiTlsUrl, domain: sandbox.domain, tls }
  }
})

/** Sends one message after another and tells the turns that the client counted. */
function oneByOne(open: (onDone: Parameters<OpenLane>[1]) => Lane): (seq: number) => Promise<number> {
  let settle: (turns: number) => void = () => undefined
  const lane = open((result) => {
    expect(`${result.outcome} ${result.sample}`.trim()).toBe('accepted')
    settle(result.turns)
  })
  return (seq) =>
    new Promise((resolve) => {
      settle = resolve
      lane.send(seq, nowUs(), false)
    })
}

type OpenLane = Awaited<ReturnType<typeof createClient>>['openLane']
