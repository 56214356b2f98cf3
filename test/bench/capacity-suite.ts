import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { capacityRecordSchema, type CapacityTransport } from '../../shared/record/capacity-record.ts'
import { mean } from '../../shared/insight/statistics.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { duration, figure, integer, percent } from '../../shared/text/format.ts'
import { KNOWN_PEERS, type KnownPeer } from '../support/model-peers.ts'
import { CLI, httpTransport, smtpTransport } from './chattermark.ts'
import { output, temporaryFolder } from './processes.ts'
import { type Table, type TableRow, tableMarkdown, writePart } from './network/tables.ts'

const SEEDS = [1, 2, 3, 4, 5]
/** Searches that go on side by side: their rates are low, and their noise is part of the question. */
const AT_ONCE = 7
const OPTIONS = ['--hold', '4', '--start-rate', '20', '--confirm', '30']
const CONCURRENCY = 100
/** Share of the truth by which a search may be off: nearly every one, and any. */
const NEAR = 0.05
const FAR = 0.1
/** Searches that may lie between the two. */
const MAY_MISS = 1

interface Search {
  peer: KnownPeer
  seed: number
  found: CapacityTransport
  off: number
}

/**
 * Searches the limits of eight kinds of real server over the command line, while a neighbour keeps half a core busy, and
 * writes the table into `docs/benchmarks.md`.
 * @param only numbers of peers, from 0; all when empty, and only then the table is written
 * @returns the process's exit code: 0 when the searches are as near to the truth as they must be
 */
export async function capacitySuite(only: readonly string[]): Promise<number> {
  const searches = SEEDS.flatMap((seed) =>
    KNOWN_PEERS.flatMap((peer, index) =>
      only.length === 0 || only.includes(String(index)) ? [{ peer, index, seed }] : []
    )
  )
  const neighbour = child('half-busy.ts', [])
  const done: Search[] = []
  const work = async (): Promise<void> => {
    for (let next = searches.shift(); next !== undefined; next = searches.shift()) {
      const search = await searchOne(next.peer, next.index, next.seed)
      done.push(search)
      console.log(line(search))
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    await ended(neighbour)
  }
  const table = tableOf(done)
  console.log(tableMarkdown(table))
  if (only.length === 0) writePart('capacity', tableMarkdown(table))
  return table.rows.every(({ met }) => met === true) && isNear(done) ? 0 : 1
}

async function searchOne(peer: KnownPeer, index: number, seed: number): Promise<Search> {
  const server = child('known-peer-server.ts', [String(index), String(seed)])
  try {
    const [port] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string]
    const folder = temporaryFolder()
    const [plan, record] = [join(folder, 'plan.json'), join(folder, 'capacity.json')]
    writeFileSync(plan, JSON.stringify(planOf(peer, Number(port), seed)))
    await output(process.execPath, [
      ...[CLI, 'capacity', plan, '--slo', peer.objective, '--out', record, ...OPTIONS]
    ])
    const [found] = capacityRecordSchema.parse(JSON.parse(readFileSync(record, 'utf8'))).transports
    if (found === undefined) throw new Error(`${peer.title}: nothing was searched`)
    return { peer, seed, found, off: found.rate / peer.truth - 1 }
  } finally {
    await ended(server)
  }
}

function planOf({ protocol, arrivals }: KnownPeer, port: number, seed: number): PlanInput {
  return {
    schema: 1,
    name: 'a known limit',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 500 },
    load: { model: 'open', rate: 1, durationSeconds: 1, arrivals, maxConcurrency: CONCURRENCY },
    warmupSeconds: 1,
    seed,
    transports: [protocol === 'smtp' ? smtpTransport(port) : httpTransport(`http://127.0.0.1:${port}`)]
  }
}

function isRight({ peer, found }: Search): boolean {
  return found.limiter === peer.limiter && (peer.burst !== null) === (found.burst !== null)
}

function isNear(searches: readonly Search[]): boolean {
  return (
    searches.every(({ off }) => Math.abs(off) <= FAR) &&
    searches.filter(({ off }) => Math.abs(off) > NEAR).length <= MAY_MISS
  )
}

function line({ peer, seed, found, off }: Search): string {
  const spent = `${integer(found.messages)} messages, ${duration(found.seconds)}`
  const { limiter, unfinished } = found
  return `${peer.title}, seed ${seed}: ${figure(found.rate)} of ${figure(peer.truth)} (${percent(off)}), ${limiter}${limiter === peer.limiter ? '' : ` instead of ${peer.limiter}`}, burst ${burstText(found)}, ${spent}${unfinished === null ? '' : `; ${unfinished}`}`
}

function burstText({ burst }: CapacityTransport): string {
  if (burst === null) return 'none'
  return burst.messages === null ? `${figure(burst.rate)}/s` : `${integer(burst.messages)} messages`
}

function tableOf(searches: readonly Search[]): Table {
  const near = searches.filter(({ off }) => Math.abs(off) <= NEAR).length
  const greatest = Math.max(...searches.map(({ off }) => Math.abs(off)))
  const right = searches.filter(isRight).length
  const rows = KNOWN_PEERS.flatMap((peer): TableRow[] => {
    const of = searches.filter((search) => search.peer === peer).sort((a, b) => a.seed - b.seed)
    if (of.length === 0) return []
    const found = of.map((search) => search.found)
    const limiters = [...new Set(found.map(({ limiter }) => limiter))].map(
      (limiter) => `${limiter} ${found.filter((each) => each.limiter === limiter).length} of ${found.length}`
    )
    return [
      {
        cells: [
          peer.title,
          `${figure(peer.truth)}/s`,
          found.map(({ rate }) => figure(rate)).join(', '),
          [...new Set(found.map(burstText))].join(', '),
          limiters.join(', '),
          integer(mean(found.map(({ messages }) => messages))),
          duration(mean(found.map(({ seconds }) => seconds)))
        ],
        met: of.every((search) => Math.abs(search.off) <= FAR && isRight(search)) && isNear(of)
      }
    ]
  })
  return {
    title: `Eight kinds of server, ${SEEDS.length} searches of each`,
    demand: `A rate within ${percent(NEAR)} of the truth in all but ${MAY_MISS} of the searches and within ${percent(FAR)} in all, the limiter named rightly and a burst told where there is one: ${near} of ${searches.length} within ${percent(NEAR)}, the worst off by ${percent(greatest)}, ${right} named rightly.`,
    head: ['server', 'truth', 'found', 'burst', 'limiter', 'messages', 'time'],
    rows
  }
}

function child(script: string, args: readonly string[]): ChildProcess {
  const path = resolve(import.meta.dirname, '../support', script)
  return spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const exited = once(process, 'exit')
  process.stdin?.end()
  await exited
}
