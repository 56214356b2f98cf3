import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { SANDBOX_API_KEY, SANDBOX_PASSWORD } from '../../electron/sandbox/credentials.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { finished, startCli, temporaryFolder } from '../support/cli.ts'
import { mountSmallDisk } from '../support/disk.ts'
import { median } from '../../shared/insight/statistics.ts'
import { until } from '../support/until.ts'
import { soakPlaces } from './places.ts'
import { look, type Sight } from './process-sight.ts'
import { MortalServer } from './server.ts'

const CONCURRENCY = 8
/** Sockets of a process that are no connections to a peer: pipes to its workers, and those on their way out. */
const SPARE_SOCKETS = 24
const ALLOWED_GROWTH_MB = 20
/** Before that a heap still grows to its working size, which says nothing of a leak. */
const LEAST_SECONDS_FOR_MEMORY = 300

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string' }, times: { type: 'string' }, seed: { type: 'string' } },
  allowPositionals: true
})
if (positionals[0] === 'places') {
  process.exit(await soakPlaces(Number(values.times ?? 20), Number(values.seed ?? 1)))
}
const minutes = Number(values.minutes ?? 10)
if (!(minutes > 0)) {
  console.error('usage: npm run soak [-- --minutes N], npm run soak -- places [--times N] [--seed N]')
  process.exit(2)
}
const ENV = { SOAK_PASSWORD: SANDBOX_PASSWORD, SOAK_KEY: SANDBOX_API_KEY }
const root = temporaryFolder()
const server = new MortalServer()
const faults: string[] = []

function expectThat(holds: boolean, what: string): void {
  if (holds) return
  faults.push(what)
  console.error(`FAULT: ${what}`)
}

function planFile(durationSeconds: number): string {
  const plan: PlanInput = {
    schema: 1,
    name: 'soak',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load: { model: 'closed', concurrency: CONCURRENCY, durationSeconds },
    warmupSeconds: 0,
    rounds: Math.max(2, Math.round(durationSeconds / 10)),
    timeoutSeconds: 5,
    transports: [
      {
        ...{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: server.smtpPort, security: 'starttls' },
        auth: { method: 'plain', user: 'sandbox', password: { env: 'SOAK_PASSWORD' } },
        tls: { verify: false }
      },
      {
        ...{
          name: 'api',
          protocol: 'http',
          url: `http://127.0.0.1:${server.apiPort}`,
          domain: 'example.com'
        },
        auth: { user: 'api', password: { env: 'SOAK_KEY' } }
      }
    ]
  }
  const file = join(root, `plan-${durationSeconds}.json`)
  writeFileSync(file, JSON.stringify(plan))
  return file
}

/** Reads a run back: it must be there, in the state that it should be in, with sums that are kept. */
async function checkRun(folder: string, state: RunRecord['state'], what: string): Promise<RunRecord | null> {
  try {
    const record = await readRun(folder)
    expectThat(record.state === state, `${what}: the run is ${record.state}, not ${state}`)
    for (const { name, counts, timeline } of record.transports) {
      const { sent, accepted, rejected, failed, aborted } = counts
      expectThat(sent === accepted + rejected + failed + aborted, `${what}: sums of ${name} are not kept`)
      const shown = timeline.reduce((sum, row) => sum + row.accepted, 0)
      expectThat(shown === accepted, `${what}: the timeline of ${name} has lost sends`)
    }
    return record
  } catch (error) {
    expectThat(false, `${what}: ${String(error)}`)
    return null
  }
}

/** Waits until the peers of a run have been tried and its first second is measured. */
async function begun(folder: string): Promise<void> {
  const journal = join(folder, JOURNAL_FILE)
  const hasDelta = (): boolean => existsSync(journal) && readFileSync(journal, 'utf8').includes('"delta"')
  await until('the first second of a run', hasDelta, 30_000)
}

/** A run that a signal ends. */
async function signalled(signal: 'SIGTERM' | 'SIGKILL', number: number): Promise<void> {
  const folder = join(root, `signalled-${number}`)
  const child = startCli(['run', planFile(60), '--out', folder], ENV)
  const end = finished(child)
  await begun(folder)
  await pause(3000)
  child.kill(signal)
  const { exitCode, stderr } = await end
  if (signal === 'SIGTERM') expectThat(exitCode === 130, `${signal}: exit code ${exitCode}: ${stderr}`)
  await checkRun(folder, signal === 'SIGTERM' ? 'stopped' : 'crashed', signal)
}

/** A run whose disk fills up under way. */
async function onFullDisk(): Promise<void> {
  using disk = mountSmallDisk(256)
  if (disk === null) {
    console.warn('SKIPPED: no small disk can be mounted here (needs root)')
    return
  }
  const folder = join(disk.folder, 'run')
  const child = startCli(['run', planFile(3), '--out', folder], ENV)
  const end = finished(child)
  await begun(folder)
  await pause(2000)
  const { bavail, bsize } = statfsSync(disk.folder)
  writeFileSync(join(disk.folder, 'ballast'), Buffer.alloc(bavail * bsize))
  const { exitCode, stderr } = await end
  expectThat(exitCode === 3 && stderr.includes('ENOSPC'), `full disk: exit code ${exitCode}: ${stderr}`)
  await checkRun(folder, 'crashed', 'full disk')
}

/** The server dies, its ports are refused for a while, and it comes back. */
async function outage(): Promise<void> {
  await server.kill()
  await pause(1500)
  await server.start()
}

function checkSights(sights: readonly Sight[]): void {
  const quarter = Math.floor(sights.length / 4)
  const rss = (from: number): number => median(sights.slice(from, from + quarter).map(({ rssMb }) => rssMb))
  const [early, late] = [rss(quarter), rss(sights.length - quarter)]
  const sockets = Math.max(...sights.map((sight) => sight.sockets))
  console.log(`memory: ${early.toFixed(0)} MB early, ${late.toFixed(0)} MB late; sockets: ${sockets} at most`)
  if (sights.length >= LEAST_SECONDS_FOR_MEMORY)
    expectThat(
      late - early <= ALLOWED_GROWTH_MB,
      `memory grew from ${early.toFixed(0)} to ${late.toFixed(0)} MB`
    )
  else console.warn(`NOT JUDGED: memory needs a run of ${LEAST_SECONDS_FOR_MEMORY / 60} minutes or more`)
  expectThat(sockets <= CONCURRENCY + SPARE_SOCKETS, `${sockets} sockets were open at once`)
}

await server.start()
const seconds = minutes * 60
const longFolder = join(root, 'long')
const child = startCli(['run', planFile(seconds / 2), '--out', longFolder], ENV)
const longEnd = finished(child)
const sights: Sight[] = []
const watch = setInterval(() => {
  const sight = child.pid === undefined ? null : look(child.pid)
  if (sight !== null) sights.push(sight)
}, 1000)
const deadline = performance.now() + seconds * 1000
let episodes = 0
await begun(longFolder)
while (performance.now() < deadline && child.exitCode === null) {
  const number = episodes++
  const episode = [outage, () => signalled('SIGTERM', number), onFullDisk, () => signalled('SIGKILL', number)]
  await episode[number % episode.length]?.()
  await pause(1000)
}
const { exitCode, stderr } = await longEnd
clearInterval(watch)
expectThat(exitCode === 0, `the long run ended with ${exitCode}: ${stderr.slice(-500)}`)
const record = await checkRun(longFolder, 'finished', 'the long run')
for (const { name, counts } of record?.transports ?? []) {
  console.log(`${name}: ${counts.sent} sends, ${counts.accepted} accepted, ${counts.failed} failed`)
  expectThat(counts.accepted > 0, `nothing was accepted over ${name}`)
}
if (sights.length >= 8) checkSights(sights)
else console.warn('SKIPPED: memory and sockets need /proc')
await server.kill()
rmSync(root, { recursive: true, force: true })
console.log(
  `${episodes} episodes in ${minutes} minutes: ${faults.length === 0 ? 'no fault' : `${faults.length} faults`}`
)
process.exitCode = faults.length === 0 ? 0 : 1
