import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { environment } from '../../../electron/engine/environment.ts'

/** One row of a table: its cells, and whether the demand is met (null for a row without one). */
export interface TableRow {
  cells: readonly string[]
  met: boolean | null
}

/** A table of a suite that writes its own part of `docs/benchmarks.md`. */
export interface Table {
  title: string
  demand: string
  head: readonly string[]
  rows: readonly TableRow[]
}

export function tableMarkdown({ title, demand, head, rows }: Table): string {
  const judged = rows.filter(({ met }) => met !== null)
  const kept = judged.filter(({ met }) => met === true).length
  /** The column of the demand, where there is one. */
  const last = (text: string): string[] => (judged.length === 0 ? [] : [text])
  return [
    `### ${title}`,
    '',
    judged.length === 0 ? demand : `${demand} ${kept} of ${judged.length} rows met it.`,
    '',
    `| ${[...head, ...last('met')].join(' | ')} |`,
    `| ${[...head, ...last('')].map(() => '---').join(' | ')} |`,
    ...rows.map(({ cells, met }) => `| ${[...cells, ...last(met === true ? 'yes' : '**no**')].join(' | ')} |`)
  ].join('\n')
}

/** Writes a suite's part of `docs/benchmarks.md`, between its two marks, and says where it was measured. */
export function writePart(suite: string, text: string): void {
  const page = resolve(import.meta.dirname, '../../../docs/benchmarks.md')
  const { node, platform } = environment(1)
  const head = `Measured by \`npm run bench -- ${suite}\` on ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform}; Node ${node}.`
  const mark = `<!-- ${suite} -->`
  const [before, , after] = readFileSync(page, 'utf8').split(mark)
  if (before === undefined || after === undefined) throw new Error(`${page} lacks the marks ${mark}`)
  writeFileSync(page, [before, `\n\n${head}\n\n${text}\n\n`, after].join(mark))
}
