import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { Suite } from './bench.ts'
import { CLI, httpTransport } from './chattermark.ts'
import { startNginx } from './http-suite.ts'
import { temporaryFolder } from './processes.ts'

const MESSAGES = 10_000_000
const EARLY = 1_000_000
const ALLOWED_MB = 20

/** Whether memory stays where it is however many messages are sent. */
export const memorySuite: Suite = {
  name: 'memory',
  async *run() {
    const nginx = await startNginx()
    try {
      const { earlyMb, lateMb } = await grow(nginx.url)
      yield {
        what: 'memory: 10 million sends',
        against: 'its own at 1 million',
        bound: null,
        ratios: [lateMb / earlyMb],
        figures: `${lateMb.toFixed(0)} MB against ${earlyMb.toFixed(0)} MB`,
        met: { ok: lateMb - earlyMb <= ALLOWED_MB, demand: `at most ${ALLOWED_MB} MB more` }
      }
    } finally {
      await nginx.stop()
    }
  }
}

async function grow(url: string): Promise<{ earlyMb: number; lateMb: number }> {
  const folder = temporaryFolder()
  const plan: PlanInput = {
    schema: 1,
    name: 'memory',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 100 },
    load: { model: 'closed', concurrency: 20, messages: MESSAGES },
    warmupSeconds: 0,
    rounds: 1,
    transports: [httpTransport(url)]
  }
  const file = join(folder, 'plan.json')
  const out = join(folder, 'run')
  writeFileSync(file, JSON.stringify(plan))
  const child = spawn(process.execPath, [CLI, 'run', file, '--out', out], {
    stdio: ['ignore', 'ignore', 'ignore']
  })
  const exited = once(child, 'exit')
  let earlyMb = 0
  let lateMb = 0
  let readTo = 0
  let sent = 0
  const timer = setInterval(() => {
    const journal = join(out, 'journal.ndjson')
    if (!existsSync(journal)) return
    const text = readFileSync(journal, 'utf8')
    for (const [, count] of text.slice(readTo).matchAll(/"second":\d+,"sent":(\d+)/g)) sent += Number(count)
    readTo = text.lastIndexOf('\n')
    const mb = residentMb(child.pid ?? 0)
    if (sent >= EARLY && earlyMb === 0) earlyMb = mb
    if (mb > 0) lateMb = mb
  }, 1000)
  const [code] = (await exited) as [number | null]
  clearInterval(timer)
  if (code !== 0 || earlyMb === 0) throw new Error(`the run ended with ${code}`)
  return { earlyMb, lateMb }
}

function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
