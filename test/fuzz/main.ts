import fc from 'fast-check'
import { parseArgs } from 'node:util'
import { inputs, type ParserName, pieceSizes } from './inputs.ts'
import { check, readAnswers, readHttp2, readReplies, type Target } from './targets.ts'

/** Executions between two looks at the clock. */
const BATCH = 2000
const DEFAULT_SECONDS = 180

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
const seconds = Number(values.seconds ?? DEFAULT_SECONDS)
const firstSeed = Number(values.seed ?? Date.now() % 2 ** 31)
if (!(seconds > 0) || !Number.isInteger(firstSeed)) {
  console.error('usage: npm run fuzz [-- --seconds N] [--seed N]')
  process.exit(2)
}

const TARGETS: [name: ParserName, target: Target][] = [
  ['smtp', readReplies],
  ['http', readAnswers],
  ['http2', readHttp2]
]

for (const [name, target] of TARGETS) {
  const end = performance.now() + (seconds * 1000) / TARGETS.length
  const readings = new Set<string>()
  let executions = 0
  for (let seed = firstSeed; performance.now() < end; seed++) {
    const property = fc.property(inputs(name), pieceSizes, (bytes, sizes) => {
      const reading = check(target, bytes, sizes)
      // Readings by their shape: how many different things the parser was brought to do.
      readings.add(reading.replace(/[^\n]+/g, (line) => line.slice(0, 6)))
    })
    // A failure throws with its seed and the smallest input that fails: keep that one in test/fuzz/corpus.
    fc.assert(property, { numRuns: BATCH, seed })
    executions += BATCH
    // What the sessions of HTTP/2 have put off until now holds on to them.
    await new Promise((resolve) => setImmediate(resolve))
  }
  console.log(
    `${name}: ${executions} executions, ${readings.size} kinds of readings, no fault (seed ${firstSeed})`
  )
}
