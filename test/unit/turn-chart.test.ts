import { expect, test } from 'vitest'
import type { ExplainEvent } from '../../shared/record/explain-record.ts'
import { turnChart } from '../../shared/page/turn-chart.ts'
import { turnChartSvg } from '../../shared/report/turn-chart-svg.ts'
import { rowsFromExplain, rowsFromRecord, type TurnRow } from '../../shared/insight/turn-rows.ts'
import { PHASE_INDEX, PHASES, type Phase } from '../../shared/record/words.ts'
import { explainParts } from '../../electron/record/explain-parts.ts'
import { exampleRun } from '../support/example-run.ts'

const rows = rowsFromRecord(exampleRun(40))

test('a message over STARTTLS says EHLO again after the handshake', () => {
  expect(rows[0]!.turns.map(({ name }) => name)).toEqual([
    ...['TCP', 'greeting', 'EHLO', 'STARTTLS', 'TLS', 'EHLO'],
    ...['AUTH', 'MAIL', 'RCPT', 'DATA', 'content']
  ])
  expect(rows.map(({ turns }) => turns.length)).toEqual([11, 4, 1])
})

test('with implicit TLS the handshake comes before the greeting', () => {
  const record = exampleRun(40)
  const [first] = record.transports
  const phases = first!.phases.filter(({ name }) => name !== 'starttls')
  const [row] = rowsFromRecord({ ...record, transports: [{ ...first!, phases }] })
  expect(row!.turns.slice(0, 4).map(({ name }) => name)).toEqual(['TCP', 'TLS', 'greeting', 'EHLO'])
})

test('the few sends of a kept connection that had to connect draw no blocks', () => {
  const record = exampleRun(40)
  const kept = record.transports[1]!
  const opening = { name: 'tcp', count: 10, meanMs: 40, p50: 40, p99: 41, turns: 1 } as const
  const [row] = rowsFromRecord({ ...record, transports: [{ ...kept, phases: [opening, ...kept.phases] }] })
  expect(row!.turns.map(({ name }) => name)).toEqual(['MAIL', 'RCPT', 'DATA', 'content'])
})

test('a transport without an RTT or without accepted sends has no row', () => {
  const record = exampleRun(40)
  const [first] = record.transports
  expect(rowsFromRecord({ ...record, transports: [{ ...first!, rttMs: null }] })).toEqual([])
})

test('at a distance every block is one round trip wide, and grid lines stand between them', () => {
  const chart = turnChart(rows)
  const widths = chart.rows.flatMap(({ blocks }) => blocks.map(({ width }) => width))
  expect(Math.max(...widths) - Math.min(...widths)).toBeLessThan(1e-9)
  expect(chart.grid[1]! - chart.grid[0]!).toBeCloseTo(widths[0]! + 1.5, 9)
  expect(chart.scale).toBe('rtt')
  expect(chart.caption).toContain('one round trip (40')
})

test('with next to no distance a block is as wide as its wait, and only its beginning is the network', () => {
  const chart = turnChart(rowsFromRecord(exampleRun(0.05)))
  const { blocks } = chart.rows[0]!
  expect(chart.scale).toBe('wait')
  for (const block of blocks) {
    expect(block.width).toBeGreaterThan(20)
    expect(block.networkWidth).toBeLessThan(block.width / 4)
  }
})

test.each([0, 0.05, 1, 40, 300])('nothing leaves the picture at an RTT of %d ms', (rttMs) => {
  const chart = turnChart(rowsFromRecord(exampleRun(rttMs)))
  for (const row of chart.rows) {
    const ends = [...row.blocks, ...row.parts].map(({ x, width }) => x + width)
    expect(ends.every(Number.isFinite)).toBe(true)
    expect(Math.max(...ends, row.total.x)).toBeLessThan(chart.width - 40)
    ends.slice(1).forEach((end, index) => expect(end).toBeGreaterThan(ends[index]!))
  }
  expect(chart.ticks.length).toBeGreaterThanOrEqual(2)
  expect(chart.ticks.length).toBeLessThanOrEqual(11)
})

test('a label too long for its place is cut, and its row still says all of it', () => {
  const label = 'a-transport-with-a-name-of-all-the-letters-that-a-plan-allows-it'
  const [row] = turnChart([{ ...rows[0]!, label }], 640).rows
  expect(row!.label).toMatch(/^a-transport.*…$/)
  expect(row!.title).toContain(label)
})

test('single messages of a transport are drawn at the distance of its own connect', () => {
  const turn = (phase: Phase, number: number, waitedMs: number): ExplainEvent => ({
    ...{ kind: 'turn', atMs: 0, phase, text: phase },
    ...{ turn: number, waitedMs }
  })
  const said: ExplainEvent = {
    kind: 'sent',
    atMs: 0,
    phase: 'mail',
    text: 'MAIL',
    turn: null,
    waitedMs: null
  }
  const message = { name: 'smtp', outcome: 'accepted', code: '250' }
  const tcp = { transferSource: 'kernel', congestionControl: 'cubic' } as const
  const result = (turns: number, waitUs: number, doneUs: number) => ({
    ...{ startedUs: 0, doneUs, waitUs, transferUs: 0, turns },
    phaseUs: new Float64Array(PHASES.length)
  })
  const explained = rowsFromExplain({
    schema: 1,
    transports: [
      {
        ...{ ...message, ...tcp, connection: 'cold', turns: 2 },
        ...explainParts(result(2, 50_000, 60_000), 20_000),
        events: [turn('tcp', 1, 20), said, turn('mail', 2, 30)]
      },
      {
        ...{ ...message, ...tcp, connection: 'warm', turns: 1 },
        ...explainParts(result(1, 25_000, 26_000), 20_000),
        events: [turn('envelope', 1, 25)]
      }
    ]
  })
  expect(explained).toMatchObject([
    { label: 'smtp, new', rttMs: 20, serverMs: 10, clientMs: 10, totalMs: 60 },
    { label: 'smtp, kept', rttMs: 20, serverMs: 5, clientMs: 1, totalMs: 26 }
  ])
  expect(explained[0]!.turns.map(({ name }) => name)).toEqual(['TCP', 'MAIL'])
})

test('what a single message looked up and what its content took to leave are neither the server’s nor this machine’s', () => {
  const phaseUs = new Float64Array(PHASES.length)
  phaseUs[PHASE_INDEX.dns] = 30_000
  phaseUs[PHASE_INDEX.request] = 125_000
  // Connect and answer of 40 ms each, 100 ms of the window behind the request, 10 ms of the server, 5 ms of this machine.
  const waitUs = 30_000 + 40_000 + 125_000 + 150_000
  const parts = explainParts(
    { startedUs: 1000, doneUs: 351_000, waitUs, transferUs: 225_000, turns: 2, phaseUs },
    40_000
  )
  const wait = (phase: Phase, number: number | null, waitedMs: number): ExplainEvent => ({
    ...{ kind: 'turn', atMs: 0, phase, text: phase },
    ...{ turn: number, waitedMs }
  })
  const [row] = rowsFromExplain({
    schema: 1,
    transports: [
      {
        ...{ name: 'api', connection: 'cold', outcome: 'accepted', code: '200', turns: 2 },
        ...{ transferSource: 'kernel', congestionControl: 'cubic' },
        ...parts,
        events: [wait('dns', null, 30), wait('tcp', 1, 40), wait('wait', 2, 150)]
      }
    ]
  })
  expect(row).toMatchObject({
    rttMs: 40,
    lookupMs: 30,
    transferMs: 225,
    serverMs: 10,
    clientMs: 5,
    totalMs: 350
  })
  const chart = turnChart([row!])
  expect(chart.scale).toBe('rtt')
  expect(chart.rows[0]!.parts.map(({ kind }) => kind)).toEqual(['lookup', 'transfer', 'server', 'client'])
})

test('where turns are drawn as long as they took, a request held back here is transfer', () => {
  const turns = rows[2]!.turns.map((turn) => ({ ...turn, meanMs: 80, p50: 80, p99: 80 }))
  const row: TurnRow = {
    ...{ label: 'api', turns, rttMs: 1, queueMs: 0, lookupMs: 0 },
    ...{ transferMs: 20, serverMs: 79, clientMs: 1, totalMs: 101 }
  }
  const chart = turnChart([row])
  expect(chart.scale).toBe('wait')
  const [transfer, server] = chart.rows[0]!.parts
  expect(transfer!.kind).toBe('transfer')
  expect(transfer!.width).toBeGreaterThan(10 * server!.width)
})

test('a hundred recipients are one block', () => {
  const record = exampleRun(40)
  const kept = record.transports[1]!
  const phases = kept.phases.map((phase) => (phase.name === 'rcpt' ? { ...phase, turns: 100 } : phase))
  const [row] = rowsFromRecord({ ...record, transports: [{ ...kept, phases }] })
  expect(row!.turns.map(({ name }) => name)).toEqual(['MAIL', 'RCPT × 100', 'DATA', 'content'])
})

test('the picture is one well-formed SVG whose text is escaped', () => {
  const hostile: TurnRow = { ...rows[0]!, label: '<script>"&\u0000' }
  for (const theme of ['light', 'dark', 'auto'] as const) {
    const svg = turnChartSvg(turnChart([hostile]), theme)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg).toContain('&lt;script&gt;&quot;&amp;�')
    expect(svg).not.toMatch(/<script|NaN|undefined/)
    expect(svg.match(/<g>/g)).toHaveLength(svg.match(/<\/g>/g)!.length)
  }
})

test('a chart of nothing is empty and sound', () => {
  expect(turnChartSvg(turnChart([]), 'auto')).not.toMatch(/NaN|Infinity/)
})

test('an open load above capacity shows its queue before the first turn, and the picture adds up to the response', () => {
  const record = exampleRun(40)
  const [first] = record.transports
  const queued = { ...first!, queueMs: 1400, transferMs: 80 }
  const [row] = rowsFromRecord({ ...record, transports: [queued] })
  expect(row!.totalMs).toBeCloseTo(1400 + first!.service.mean!, 9)
  const [drawn] = turnChart([row!]).rows
  expect(drawn!.parts.map(({ kind }) => kind)).toEqual(['queue', 'transfer', 'server', 'client'])
  expect(drawn!.parts[0]!.x).toBeLessThan(drawn!.blocks[0]!.x)
  expect(drawn!.title).toContain('queued 1.40')
})

test('at another distance every round trip is longer, and server and this machine are not', () => {
  const record = exampleRun(40)
  const near = rowsFromRecord(record)
  const far = rowsFromRecord(record, 90)
  far.forEach((row, index) => {
    const before = near[index]!
    expect(row.rttMs).toBe(90)
    expect([row.serverMs, row.clientMs]).toEqual([before.serverMs, before.clientMs])
    expect(row.totalMs).toBeCloseTo(before.totalMs + 50 * record.transports[index]!.turns.perMessage!, 6)
  })
})
