import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { environment } from '../../electron/engine/environment.ts'
import { accuracySuite } from './accuracy-suite.ts'
import { auditSuite } from './audit/audit-suite.ts'
import { median } from '../../shared/insight/statistics.ts'
import { REPETITIONS, type Row, type Suite } from './bench.ts'
import { capacitySuite } from './capacity-suite.ts'
import { clientsSuite } from './clients-suite.ts'
import { deliverySuite } from './delivery-suite.ts'
import { historySuite } from './history-suite.ts'
import { httpSuite } from './http-suite.ts'
import { latencySuite } from './latency-suite.ts'
import { linkSuite } from './link-suite.ts'
import { networkSuite } from './network/main.ts'
import { memorySuite } from './memory-suite.ts'
import { placesSuite } from './places-suite.ts'
import { smtpSuite } from './smtp-suite.ts'
import { startupSuite } from './startup-suite.ts'
import { uiSuite } from './ui-suite.ts'

const SUITES: Suite[] = [
  smtpSuite,
  httpSuite,
  clientsSuite,
  latencySuite,
  accuracySuite,
  linkSuite,
  startupSuite,
  historySuite,
  memorySuite,
  uiSuite,
  auditSuite,
  deliverySuite
]

/** Suites that need much time or a machine of their own: they run when they are asked for, and write their own part. */
const OWN_PARTS: Partial<Record<string, (only: readonly string[]) => Promise<number>>> = {
  network: networkSuite,
  capacity: capacitySuite,
  places: placesSuite
}

const root = resolve(import.meta.dirname, '../..')
const asked = process.argv.slice(2)
const [first = '', ...rest] = asked
const own = OWN_PARTS[first]
if (own !== undefined) process.exit(await own(rest))
const unknown = asked.filter((name) => !SUITES.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(
    `unknown suite ${unknown.join(', ')}; there are ${SUITES.map(({ name }) => name).join(', ')}, ${Object.keys(OWN_PARTS).join(', ')}`
  )
  process.exit(2)
}

/** What a suite gave; `missing` says why it gave no more. */
interface Section {
  name: string
  rows: Row[]
  missing: string | null
}

const sections: Section[] = []
for (const suite of SUITES.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  console.error(`${suite.name} ...`)
  const section: Section = { name: suite.name, rows: [], missing: null }
  sections.push(section)
  try {
    for await (const row of suite.run()) {
      section.rows.push(row)
      console.log(line(row))
    }
  } catch (error) {
    section.missing = error instanceof Error ? error.message : String(error)
    console.log(`${suite.name}: not measured: ${section.missing}`)
  }
  writeTable(section)
}
process.exitCode = sections.every(({ rows, missing }) => missing === null && rows.every(isMet)) ? 0 : 1

function isMet(row: Row): boolean {
  return row.met?.ok ?? (row.bound === null || median(row.ratios) >= row.bound)
}

function spread(row: Row): string {
  return [Math.min(...row.ratios), median(row.ratios), Math.max(...row.ratios)]
    .map((ratio) => ratio.toFixed(2))
    .join(' / ')
}

function demand(row: Row): string {
  return row.met?.demand ?? (row.bound === null ? '' : `at least ${row.bound}`)
}

function verdict(row: Row): string {
  if (row.bound === null && row.met === undefined) return 'for comparison'
  return isMet(row) ? 'yes' : '**no**'
}

function line(row: Row): string {
  return `${isMet(row) ? 'met   ' : 'MISSED'} ${row.what} against ${row.against}: ${spread(row)} (${demand(row)}); ${row.figures}`
}

/** Replaces what an earlier run of a suite wrote between its two marks; what people wrote around them stays. */
function writeTable(section: Section): void {
  const file = join(root, 'docs/benchmarks.md')
  const mark = `<!-- ${section.name} -->`
  const [before, , after] = readFileSync(file, 'utf8').split(mark)
  if (before === undefined || after === undefined)
    throw new Error(`${file} has no place for ${section.name}: ${mark} twice`)
  writeFileSync(file, [before, `\n\n${markdown(section)}\n`, after].join(mark))
}

function markdown({ name, rows, missing }: Section): string {
  const { node, nodemailer, undici, openssl, platform } = environment(1)
  const date = new Date().toISOString().slice(0, 10)
  return [
    `Measured on ${date} by \`npm run bench -- ${name}\` on ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform}; Node ${node}, nodemailer ${nodemailer}, undici ${undici}, OpenSSL ${openssl}; ${REPETITIONS} repetitions.`,
    '',
    '| what | against | demand | least / median / greatest | figures | met |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.what} | ${row.against} | ${demand(row)} | ${spread(row)} | ${row.figures} | ${verdict(row)} |`
    ),
    ...(missing === null ? [] : [`| ${name} | | | | not measured: ${missing} | |`]),
    ''
  ].join('\n')
}
