import { holds, measuredValue, parseAssertion, type Assertion } from '../../shared/insight/assertion.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { RunRecorder } from '../record/run-recorder.ts'

interface Watched {
  text: string
  transport: number
  assertion: Assertion
  /** When the transport was first seen to send; 0 before. */
  sinceMs: number
}

/** Watches the assertions that may end a run before its time. */
export class AbortWatch {
  readonly #watched: Watched[]

  constructor(plan: Plan) {
    this.#watched = plan.assert.flatMap((text) => {
      const parsed = parseAssertion(text)
      if (!parsed.ok || parsed.value.abortAfterSeconds === null) return []
      const transport = plan.transports.findIndex(({ name }) => name === parsed.value.transport)
      return transport === -1 ? [] : [{ text, transport, assertion: parsed.value, sinceMs: 0 }]
    })
  }

  /** The first assertion that a run so far misses for good; null when it may go on. To be asked about once a second. */
  missed(recorder: RunRecorder, nowMs = performance.now()): string | null {
    for (const watched of this.#watched) {
      const { transport, assertion } = watched
      if (recorder.counts(transport).sent === 0) continue
      watched.sinceMs ||= nowMs
      if (nowMs - watched.sinceMs < (assertion.abortAfterSeconds ?? 0) * 1000) continue
      const value = measuredValue(assertion.field, recorder.transportRecord(transport))
      if (value !== null && !holds(assertion, value)) return watched.text
    }
    return null
  }
}
