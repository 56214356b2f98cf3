import type { PlanSummary } from '../page/ipc.ts'
import { bytes, counted, duration, integer, listed, milliseconds } from '../text/format.ts'
import type { Plan } from './plan.ts'
import { amountWords, summarize, targetWords, timeWords } from './plan-summary.ts'
import type { Study } from './study.ts'

/**
 * What a plan would do when it is asked a question, worked out from both alone.
 * @param study null asks for a comparison
 * @param alsoRemote hosts that count as remote although they are this machine's own
 */
export function summarizeStudy(
  plan: Plan,
  study: Study | null,
  alsoRemote: readonly string[] = []
): PlanSummary {
  const once = summarize(plan, alsoRemote)
  switch (study?.kind) {
    case undefined:
      return once
    case 'capacity': {
      const rates = `from ${integer(study.startRate)} to ${integer(study.ceilingRate)} a second`
      return {
        ...once,
        remote: once.remote.map((target) => ({ ...target, messages: null, warmupSeconds: 0 })),
        messages: null,
        seconds: null,
        sentence: `Rates ${rates} to ${targetWords(plan)} over ${counted(plan.transports.length, 'transport')}, each held for ${duration(study.holdSeconds)}, until the limit is known to ${study.precisionPercent} %; ${integer(study.maxMessages)} messages at most.`
      }
    }
    case 'distance':
      return repeated(
        plan,
        once,
        study.rttsMs.map((rttMs) => ({ ...plan, emulate: { ...plan.emulate, rttMs } })),
        `at ${listed(study.rttsMs.map((ms) => milliseconds(ms)))} of round trip`
      )
    case 'size':
      return repeated(
        plan,
        once,
        study.sizesBytes.map((sizeBytes) => ({ ...plan, message: { ...plan.message, sizeBytes } })),
        `with ${listed(study.sizesBytes.map(bytes))}`
      )
  }
}

/** A plan under several conditions, one after another: each takes its own time. */
function repeated(plan: Plan, once: PlanSummary, plans: readonly Plan[], conditions: string): PlanSummary {
  const times = plans.length
  const messages = once.messages === null ? null : once.messages * times
  const seconds = plans.reduce<number | null>((sum, each) => {
    const more = summarize(each).seconds
    return sum === null || more === null ? null : sum + more
  }, 0)
  const remote = once.remote.map((target) => ({
    ...target,
    messages: target.messages === null ? null : target.messages * times,
    warmupSeconds: target.warmupSeconds * times
  }))
  return {
    ...once,
    remote,
    messages,
    seconds,
    sentence: `${amountWords(plan, messages)}: the plan ${times} times, ${conditions}${timeWords(seconds)}.`
  }
}
