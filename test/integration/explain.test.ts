import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explain } from '../../electron/engine/explain.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { rowsFromExplain, type TurnRow } from '../../shared/insight/turn-rows.ts'
import { SANDBOX_PASSWORD } from '../../electron/sandbox/credentials.ts'
import { explainRecordSchema, type ExplainRecord } from '../../shared/record/explain-record.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import { LADDER_PLAN } from '../../shared/plan/ladder-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

type Transports = PlanInput['transports']

function explainSandbox(transports: Transports, rttMs = 0): Promise<ExplainRecord> {
  return explain(sandboxPlan({ transports, emulate: { rttMs } }), { keychain: noKeychain })
}

const one = { messagesPerConnection: 1 } as const
const off = { pipelining: 'off' } as const
const implicit = { port: 465, security: 'tls' } as const
const tls12 = { tls: { maxVersion: 'TLSv1.2' } } as const

const rows: { sentence: string; transport: Transports[number]; cold: number; warm?: number }[] = [
  { sentence: '587 cold', transport: { name: 't', ...SANDBOX_SUBMISSION, ...one, ...off }, cold: 11 },
  {
    sentence: '587 cold with a full handshake of TLS 1.2',
    transport: { name: 't', ...SANDBOX_SUBMISSION, ...one, ...off, ...tls12 },
    cold: 12
  },
  {
    sentence: '465 cold',
    transport: { name: 't', ...SANDBOX_SUBMISSION, ...implicit, ...one, ...off },
    cold: 9
  },
  {
    sentence: '465 cold with TLS 1.2, whose greeting comes along with the handshake',
    transport: { name: 't', ...SANDBOX_SUBMISSION, ...implicit, ...one, ...off, ...tls12 },
    cold: 9
  },
  { sentence: 'warm', transport: { name: 't', ...SANDBOX_SUBMISSION, ...off }, cold: 11, warm: 4 },
  { sentence: 'warm pipelined', transport: { name: 't', ...SANDBOX_SUBMISSION }, cold: 9, warm: 2 },
  {
    sentence: 'warm chunked',
    transport: { name: 't', ...SANDBOX_SUBMISSION, chunking: 'auto' },
    cold: 8,
    warm: 1
  },
  {
    sentence: 'warm overlapped',
    transport: { name: 't', ...SANDBOX_SUBMISSION, overlap: true },
    cold: 9,
    warm: 1
  },
  { sentence: 'API cold', transport: { name: 't', ...SANDBOX_API, http: { keepAlive: false } }, cold: 3 },
  { sentence: 'API warm', transport: { name: 't', ...SANDBOX_API }, cold: 3, warm: 1 },
  {
    sentence: 'API warm over HTTP/2',
    transport: { name: 't', ...SANDBOX_API, http: { version: '2' } },
    cold: 3,
    warm: 1
  }
]

describe('explain numbers exactly the turns of the table', () => {
  test.each(rows)('$sentence', async ({ transport, cold, warm }) => {
    const { transports } = await explainSandbox([transport])
    const expected = warm === undefined ? [cold] : [cold, warm]
    expect(transports.map(({ outcome, turns }) => ({ outcome, turns }))).toEqual(
      expected.map((turns) => ({ outcome: 'accepted', turns }))
    )
    expect(transports.map(({ connection }) => connection)).toEqual(['cold', 'warm'].slice(0, expected.length))
    for (const { events, turns } of transports) {
      const numbers = events.flatMap(({ turn }) => turn ?? [])
      expect(numbers).toEqual(Array.from({ length: turns }, (_, index) => index + 1))
    }
  })
})

describe('what explain shows', () => {
  test('every line with a side and a time, the handshake with version and cipher, and no secret', async () => {
    const { transports } = await explainSandbox([
      { name: 'smtp', ...SANDBOX_SUBMISSION, ...one, ...off },
      { name: 'api', ...SANDBOX_API }
    ])
    const [smtp, api] = transports
    const lines = smtp!.events.map(({ kind, text }) => `${kind} ${text}`)
    expect(lines).toEqual(expect.arrayContaining(['sent AUTH PLAIN ***', 'sent DATA', 'sent QUIT']))
    expect(lines.filter((line) => line.startsWith('tls '))).toEqual([
      expect.stringMatching(/^tls TLSv1\.3 TLS_\w+, full handshake$/)
    ])
    expect(api!.events.map(({ text }) => text)).toContain('Authorization: ***')
    const times = smtp!.events.filter(({ kind }) => kind !== 'turn').map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    const all = JSON.stringify(transports)
    for (const secret of [
      SANDBOX_PASSWORD,
      Buffer.from(`\0sandbox\0${SANDBOX_PASSWORD}`).toString('base64')
    ]) {
      expect(all).not.toContain(secret)
    }
  })

  test('a large body is cut, and its length told', async () => {
    const plan = sandboxPlan({
      message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 200_000 }
    })
    const record = await explain(plan, { keychain: noKeychain })
    expect(JSON.stringify(record).length).toBeLessThan(60_000)
    const texts = record.transports.map(({ events }) => events.map(({ text }) => text).join('\n'))
    for (const text of texts) expect(text).toMatch(/\(2\d{5} bytes (of content|in all)\)/)
  })

  test('through the delay link the handshake takes its round trip, and the greeting no more than its own', async () => {
    const rttMs = 60
    // A busy machine adds time, and who begins to wait late waits less: of several looks one is undisturbed.
    const looks: number[][] = []
    const isSeen = (): boolean =>
      looks.some((waits) => waits.every((ms) => ms > 0.95 * rttMs && ms < 1.8 * rttMs))
    for (let look = 0; look < 5 && !isSeen(); look++) {
      const { transports } = await explainSandbox(
        [
          { name: 'smtp', ...SANDBOX_SUBMISSION, ...one, ...off },
          { name: 'api', ...SANDBOX_API, url: 'http://sandbox' }
        ],
        rttMs
      )
      const cold = transports.filter(({ connection }) => connection === 'cold')
      expect(cold.map(({ name }) => name)).toEqual(['smtp', 'api'])
      const waits: number[] = []
      for (const { events } of cold) {
        const [tcp, next] = events.filter(({ kind }) => kind === 'turn')
        expect(tcp!.phase).toBe('tcp')
        waits.push(tcp!.waitedMs!, next!.waitedMs!)
        expect(tcp!.atMs).toBeGreaterThan(0.95 * rttMs)
        expect(next!.atMs).toBeGreaterThan(1.9 * rttMs)
      }
      looks.push(waits)
      const [request] = cold[1]!.events.filter(({ kind }) => kind === 'sent')
      expect(request!.atMs).toBeGreaterThan(0.95 * rttMs)
    }
    expect(isSeen(), JSON.stringify(looks)).toBe(true)
  })
})

describe('what explain says a send’s time is made of', () => {
  const PARTS = ['lookupMs', 'chatterMs', 'transferMs', 'serverMs', 'clientMs'] as const
  const rttMs = 40
  const plan = sandboxPlan({
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1_000_000 },
    transports: [
      { name: 'smtp', ...SANDBOX_SUBMISSION },
      { name: 'api', ...SANDBOX_API },
      { name: 'api2', ...SANDBOX_API, http: { version: '2' } }
    ],
    emulate: { rttMs }
  })

  test('its parts add up, and what 1 MB takes to leave at a distance is mostly transfer, not the server', async () => {
    // A busy machine makes server and client slow: of several looks one is undisturbed.
    const looks: TurnRow[] = []
    const isSeen = (): boolean =>
      looks.some(({ transferMs, serverMs, clientMs }) => transferMs > 2 * (serverMs + clientMs))
    for (let look = 0; look < 5 && !isSeen(); look++) {
      const record = await explain(plan, { keychain: noKeychain })
      const rows = rowsFromExplain(record)
      expect(rows).toHaveLength(6)
      for (const [index, send] of record.transports.entries()) {
        const parts = PARTS.map((part) => send[part] ?? NaN)
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0)
        expect(parts.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(send.totalMs, 6)
        expect(send.transferSource).toBe('emulated')
        expect(rows[index]!.turns.length * rows[index]!.rttMs).toBeCloseTo(send.chatterMs!, 6)
        expect(rows[index]).toMatchObject({ transferMs: send.transferMs, serverMs: send.serverMs })
      }
      // A new connection's window opens in four round trips or more, in which the content does nothing but leave.
      const cold = rows.filter((_, index) => record.transports[index]!.connection === 'cold')
      expect(cold).toHaveLength(3)
      for (const { transferMs } of cold) expect(transferMs).toBeGreaterThan(4 * rttMs)
      looks.push(cold[0]!)
    }
    expect(isSeen(), JSON.stringify(looks.map(({ transferMs, serverMs }) => [transferMs, serverMs]))).toBe(
      true
    )
  })
})

describe('explain on the command line', () => {
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, JSON.stringify(LADDER_PLAN))

  test('draws a time line and prints both sides', async () => {
    // With a distance every turn is wide enough to be numbered, however long one of them may take.
    const far = join(temporaryFolder(), 'far.json')
    writeFileSync(far, JSON.stringify({ ...LADDER_PLAN, emulate: { rttMs: 40 } }))
    const { exitCode, stdout } = await cli(['explain', far, '--transport', 'smtp-465-cold'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^smtp-465-cold, a new connection: 9 turns, \d/)
    expect(stdout).toMatch(
      /^[\d.]+ ms = [\d.]+ lookup \+ [\d.]+ chatter \+ [\d.]+ transfer \+ [\d.]+ server \+ [\d.]+ client$/m
    )
    expect(stdout).toMatch(/^ *\|1-.*\|9.*\|$/m)
    expect(stdout).toMatch(/^ +\d+\.\d\d {8}C: EHLO /m)
    expect(stdout).toMatch(/^ +\d+\.\d\d {8}S: 250 CHUNKING$/m)
    expect(stdout).toMatch(/^ +\d+\.\d\d {5}9 {2}-- content: waited \d/m)
  })

  test('prints its record as JSON and nothing else', async () => {
    const { exitCode, stdout } = await cli(['explain', file, '--transport', 'api-kept', '--format', 'json'])
    expect(exitCode).toBe(0)
    const { transports } = explainRecordSchema.parse(JSON.parse(stdout))
    expect(transports.map(({ turns }) => turns)).toEqual([3, 1])
  })

  test('answers an unknown transport with the nearest name', async () => {
    const { exitCode, stdout, stderr } = await cli(['explain', file, '--transport', 'api-kebt'])
    expect(exitCode).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('did you mean "api-kept"?')
  })

  test('sends nothing to another machine unasked', async () => {
    const remote = join(temporaryFolder(), 'plan.json')
    const [first] = LADDER_PLAN.transports
    const transports = [{ ...first, host: 'mail.example.com', port: 587 }]
    writeFileSync(remote, JSON.stringify({ ...LADDER_PLAN, transports }))
    const { exitCode, stderr } = await cli(['explain', remote])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--remote')
  })
})
