import { counted, milliseconds, tickLabel } from '../text/format.ts'
import type { Turn, TurnRow } from '../insight/turn-rows.ts'
import { niceStep } from './nice-step.ts'

/** One drawn turn. */
export interface ChartBlock {
  x: number
  width: number
  /** Leading part of the width that is the network's: all of it, or less where the measured wait is drawn. */
  networkWidth: number
  /** What stands on it; empty where nothing fits. */
  text: string
  /** All there is to know about it, for hover, focus and screen readers. */
  title: string
  /** Every second one is another shade, so that neighbours can be told apart. */
  alternate: boolean
}

/** A part of a row that is no turn: what came before the first one, and what is left after the last. */
export interface ChartPart {
  kind: 'queue' | 'lookup' | 'transfer' | 'server' | 'client'
  x: number
  width: number
  title: string
}

export interface ChartRow {
  /** Cut where it is too long to stand before the blocks; `title` has all of it. */
  label: string
  y: number
  blocks: ChartBlock[]
  /** In the order in which they are drawn. */
  parts: ChartPart[]
  total: { x: number; text: string }
  /** The row in a sentence, for screen readers. */
  title: string
}

/** Everything that is drawn, in pixels of a `width` by `height` picture. */
export interface TurnChart {
  width: number
  height: number
  blockHeight: number
  /** `rtt`: a block is one round trip wide. `wait`: as wide as the wait was, because the network takes next to no time. */
  scale: 'rtt' | 'wait'
  rows: ChartRow[]
  grid: number[]
  ticks: { x: number; text: string }[]
  /** Where grid lines end and tick labels stand. */
  axisY: number
  /** What the picture shows, as a sentence. */
  caption: string
}

/** What the shapes of the picture mean, in the order of a row. */
const LEGEND: readonly { shapes: ChartPart['kind'] | 'chatter'; text: string }[] = [
  { shapes: 'queue', text: 'queued' },
  { shapes: 'lookup', text: 'lookup' },
  { shapes: 'chatter', text: 'network round trip' },
  { shapes: 'transfer', text: 'transfer' },
  { shapes: 'server', text: 'server at work' },
  { shapes: 'client', text: 'this machine' }
]

/** The legend of what a picture shows. */
export function turnChartLegend({ rows }: Pick<TurnChart, 'rows'>): typeof LEGEND {
  const kinds = new Set(rows.flatMap(({ parts }) => parts.map(({ kind }) => kind)))
  return LEGEND.filter(({ shapes }) => shapes === 'chatter' || kinds.has(shapes))
}

const ROW_HEIGHT = 34
const BLOCK_HEIGHT = 22
const AXIS_HEIGHT = 26
const TOTAL_WIDTH = 84
/** Between a label and the first block. */
const LABEL_GAP = 16
const MOST_TICKS = 9
const MOST_GRID_LINES = 40
/** Widths of a letter in the label, and of a capital and another one on a block, px: near enough to know what fits. */
const LABEL_LETTER = 7.3
const BLOCK_CAPITAL = 7.7
const BLOCK_LETTER = 6.8
/** Kept free on either side of the text on a block, px. */
const BLOCK_PADDING = 3

/** What stands on a block too narrow for its turn's name; its number where that does not fit either. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  greeting: '220',
  STARTTLS: 'STLS',
  envelope: 'env.',
  content: 'body'
}

/** Lays out what one message of each transport waits for, on one axis. */
export function turnChart(rows: readonly TurnRow[], width = 1090): TurnChart {
  const scale = rows.some(mostlyNetwork) ? 'rtt' : 'wait'
  const longest = Math.max(0, ...rows.map(({ label }) => label.length))
  const left = Math.min(width / 3, longest * LABEL_LETTER + LABEL_GAP)
  const longestMs = Math.max(...rows.map((row) => drawnMs(row, scale)), 0.001)
  const perMs = (width - left - TOTAL_WIDTH) / longestMs
  const axisY = rows.length * ROW_HEIGHT
  const stepMs = commonRtt(rows, scale) ?? niceStep(longestMs / MOST_TICKS)
  const tickMs = scale === 'rtt' ? stepMs * niceWhole(longestMs / stepMs / MOST_TICKS) : stepMs
  const gridMs = longestMs / stepMs <= MOST_GRID_LINES ? stepMs : tickMs
  return {
    ...{ width, height: axisY + AXIS_HEIGHT, blockHeight: BLOCK_HEIGHT, scale, axisY },
    rows: rows.map((row, index) => layRow(row, index * ROW_HEIGHT + 5, scale, left, perMs)),
    grid: multiples(gridMs, longestMs).map((ms) => left + ms * perMs),
    ticks: multiples(tickMs, longestMs).map((ms) => ({
      x: left + ms * perMs,
      text: ms === 0 ? milliseconds(0) : tickLabel(ms)
    })),
    caption: caption(rows, scale)
  }
}

function mostlyNetwork({ turns, rttMs, transferMs, totalMs, queueMs }: TurnRow): boolean {
  return turnCount(turns) * rttMs + transferMs >= 0.5 * (totalMs - queueMs)
}

function turnCount(turns: readonly Turn[]): number {
  return turns.reduce((sum, turn) => sum + turn.turns, 0)
}

/** Length of a row on the axis. Waits already hold the server's and the transfer's time, so that only the rest follows them. */
function drawnMs(row: TurnRow, scale: TurnChart['scale']): number {
  const parts = partsMs(row, scale)
  return (
    parts.reduce((sum, { ms }) => sum + ms, 0) +
    row.turns.reduce((sum, turn) => sum + turnMs(turn, row, scale), 0)
  )
}

/** What a row has beside its turns, and on which side of them. */
function partsMs(
  row: TurnRow,
  scale: TurnChart['scale']
): { kind: ChartPart['kind']; ms: number; before: boolean }[] {
  const waited = row.turns.reduce((sum, turn) => sum + turn.meanMs, 0)
  const rest = Math.max(0, row.totalMs - row.queueMs - row.lookupMs - row.clientMs - waited)
  // Where blocks are as wide as their waits, only what was waited without a turn is left to be drawn.
  const transferMs = scale === 'rtt' ? row.transferMs : Math.min(row.transferMs, rest)
  return [
    { kind: 'queue', ms: row.queueMs, before: true },
    { kind: 'lookup', ms: row.lookupMs, before: true },
    { kind: 'transfer', ms: transferMs, before: false },
    { kind: 'server', ms: scale === 'rtt' ? row.serverMs : rest - transferMs, before: false },
    { kind: 'client', ms: row.clientMs, before: false }
  ]
}

function turnMs(turn: Turn, row: TurnRow, scale: TurnChart['scale']): number {
  return scale === 'rtt' ? turn.turns * row.rttMs : turn.meanMs
}

const PART_WORDS: Readonly<Record<ChartPart['kind'], string>> = {
  queue: 'queued: it was due and had no slot yet',
  lookup: 'names looked up',
  transfer: 'transfer: rounds of the window beyond the first flight',
  server: 'the server at work',
  client: 'this machine'
}
/** A part that is there is seen, however short. */
const LEAST_PART_WIDTH = 1.5
/** A smaller share of the whole is not drawn, nor said. */
const LEAST_PART_SHARE = 0.005

function layRow(row: TurnRow, y: number, scale: TurnChart['scale'], left: number, perMs: number): ChartRow {
  let x = left
  let number = 0
  const parts = partsMs(row, scale)
  const layPart = ({ kind, ms }: { kind: ChartPart['kind']; ms: number }): ChartPart[] => {
    if (ms <= LEAST_PART_SHARE * row.totalMs && kind !== 'server' && kind !== 'client') return []
    const width = Math.max(LEAST_PART_WIDTH, ms * perMs - 0.75)
    const part = { kind, x: x + 0.75, width, title: `${row.label}: ${PART_WORDS[kind]}, ${milliseconds(ms)}` }
    x = Math.max(x + ms * perMs, part.x + width)
    return [part]
  }
  const before = parts.filter((part) => part.before).flatMap(layPart)
  const blocks = row.turns.map((turn, index): ChartBlock => {
    const blockWidth = turnMs(turn, row, scale) * perMs
    const first = number + 1
    number += turn.turns
    const block = {
      x: x + 0.75,
      width: Math.max(0.5, blockWidth - 1.5),
      networkWidth: Math.max(0.5, Math.min(blockWidth, turn.turns * row.rttMs * perMs) - 1.5),
      text: fitting([turn.name, SHORT_NAMES[turn.name] ?? '', String(first)], blockWidth),
      title: blockTitle(turn, row, first),
      alternate: index % 2 === 1
    }
    x += blockWidth
    return block
  })
  const after = parts.filter((part) => !part.before).flatMap(layPart)
  return {
    ...{ label: shortened(row.label, left - LABEL_GAP), y, blocks, parts: [...before, ...after] },
    total: { x: x + 8, text: milliseconds(row.totalMs) },
    title: rowTitle(row, number)
  }
}

function rowTitle(row: TurnRow, turns: number): string {
  const extra = (ms: number, words: string): string =>
    ms <= LEAST_PART_SHARE * row.totalMs ? '' : `${words} ${milliseconds(ms)}, `
  return (
    `${row.label}: ${extra(row.queueMs, 'queued')}${extra(row.lookupMs, 'lookup')}` +
    `${counted(turns, 'turn')} of ${milliseconds(row.rttMs)}, ${extra(row.transferMs, 'transfer')}` +
    `server ${milliseconds(row.serverMs)}, this machine ${milliseconds(row.clientMs)}, ` +
    `${milliseconds(row.totalMs)} in all`
  )
}

function blockTitle(turn: Turn, row: TurnRow, first: number): string {
  const numbers = turn.turns === 1 ? `Turn ${first}` : `Turns ${first} to ${first + turn.turns - 1}`
  const wait =
    turn.p50 === turn.p99
      ? milliseconds(turn.p50)
      : `p50 ${milliseconds(turn.p50)}, p99 ${milliseconds(turn.p99)}`
  return (
    `${numbers}: ${turn.name}, ${wait}; ` + `${milliseconds(turn.turns * row.rttMs)} of it is the network`
  )
}

/** The first of several texts that is one and fits, else nothing. */
function fitting(texts: readonly string[], width: number): string {
  return texts.find((text) => text !== '' && textWidth(text) + 2 * BLOCK_PADDING <= width) ?? ''
}

function textWidth(text: string): number {
  const capitals = text.replace(/[^A-Z]/g, '').length
  return capitals * BLOCK_CAPITAL + (text.length - capitals) * BLOCK_LETTER
}

/** A label, cut where the blocks begin. */
function shortened(label: string, width: number): string {
  const most = Math.floor(width / LABEL_LETTER)
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`
}

/** The RTT of all rows where they agree, so that grid lines can stand for round trips. */
function commonRtt(rows: readonly TurnRow[], scale: TurnChart['scale']): number | null {
  const rtts = rows.map(({ rttMs }) => rttMs)
  const [least, most] = [Math.min(...rtts), Math.max(...rtts)]
  return scale === 'rtt' && least > 0 && most <= 1.1 * least ? least : null
}

/** The least of 1, 2, 5, 10, 20, ... that is not below a number. */
function niceWhole(atLeast: number): number {
  return Math.max(1, niceStep(atLeast))
}

function multiples(stepMs: number, upToMs: number): number[] {
  return Array.from({ length: Math.floor(upToMs / stepMs + 1e-9) + 1 }, (_, index) => index * stepMs)
}

function caption(rows: readonly TurnRow[], scale: TurnChart['scale']): string {
  const rtt = commonRtt(rows, 'rtt')
  if (scale === 'wait') {
    return 'Every block is one turn, as wide as its wait: first the round trip, then the server at work.'
  }
  const lines = rtt === null ? '' : ` A vertical line is one round trip (${milliseconds(rtt)}).`
  return `Every block is one turn: the client has said all it may and waits for the server.${lines}`
}
