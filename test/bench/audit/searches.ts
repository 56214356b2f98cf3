import { DEFAULT_SEARCH } from '../../../shared/insight/capacity-move.ts'
import { parseObjective } from '../../../shared/insight/objective.ts'
import { KNOWN_PEERS } from '../../support/model-peers.ts'
import { simulateSearch } from '../../support/simulated-search.ts'
import type { Row } from '../bench.ts'
import { share } from './share.ts'

const SEEDS = [1, 2, 3, 4, 5]
/** Share of the seconds in which the searching machine stands still for a while. */
const STALLS = 0.2

/** The limit that a search finds, against eight kinds of peer whose limit is known, in simulated time. */
export function* searches(): Generator<Row> {
  for (const { title, create, arrivals, objective, truth, limiter } of KNOWN_PEERS) {
    const parsed = parseObjective(objective)
    if (!parsed.ok) throw new Error(parsed.message)
    const found = SEEDS.map((seed) =>
      simulateSearch({
        peer: create(seed),
        objectives: [parsed.value],
        options: { ...DEFAULT_SEARCH, startRate: 20, holdSeconds: 4 },
        arrivals,
        seed,
        stalls: STALLS
      })
    )
    const ratios = found.map(({ rate }) => rate / truth)
    const named = found.filter((each) => each.limiter === limiter).length / found.length
    yield {
      what: `capacity search: ${title}`,
      against: `the truth, ${Math.round(truth)}/s`,
      bound: null,
      ratios,
      figures: `${share(named)} name the limit; ${Math.round(mean(found.map(messagesOf)))} messages a search`,
      met: {
        ok: ratios.every((ratio) => Math.abs(ratio - 1) <= 0.05) && named === 1,
        demand: 'within 5 %, limit named'
      }
    }
  }
}

function messagesOf({ steps }: { steps: readonly { messages: number }[] }): number {
  return steps.reduce((sum, { messages }) => sum + messages, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
