import { emulationTable } from './emulation-table.ts'
import { ladderTable } from './ladder-table.ts'
import { lossTable } from './loss-table.ts'
import { queueTable } from './queue-table.ts'
import { whyNoRealLink } from './real-link.ts'
import { partsTables } from './parts-table.ts'
import { receiverTable } from './receiver-table.ts'
import { type Table, tableMarkdown, writePart } from './tables.ts'

/** What the suite measures, by the names that it is asked for. */
const PARTS: Readonly<Record<string, () => Promise<Table[]>>> = {
  parts: partsTables,
  receiver: async () => [await receiverTable()],
  cubic: async () => [await emulationTable('cubic')],
  bbr: async () => [await emulationTable('bbr')],
  loss: async () => [await lossTable()],
  queue: async () => [await queueTable()],
  ladder: async () => [await ladderTable()]
}

/**
 * Measures on a link of real TCP, and writes each part's tables into `docs/benchmarks.md`.
 * @param only names of parts; all when empty
 * @returns the process's exit code: 0 when every row is met
 */
export async function networkSuite(only: readonly string[]): Promise<number> {
  const unknown = only.filter((name) => !(name in PARTS))
  if (unknown.length > 0) {
    console.error(`unknown part ${unknown.join(', ')} of network; there are ${Object.keys(PARTS).join(', ')}`)
    return 2
  }
  const lacking = whyNoRealLink()
  if (lacking !== null) {
    console.log(`network: not measured: ${lacking}`)
    return 1
  }
  let isMet = true
  for (const [name, measure] of Object.entries(PARTS)) {
    if (only.length > 0 && !only.includes(name)) continue
    const tables = await measure()
    const text = tables.map(tableMarkdown).join('\n\n')
    console.log(text)
    writePart(`network ${name}`, text)
    isMet &&= tables.every(({ rows }) => rows.every(({ met }) => met !== false))
  }
  return isMet ? 0 : 1
}
