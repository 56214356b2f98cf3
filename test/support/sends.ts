import type { Client } from '../../electron/transports/client.ts'
import { nowUs } from '../../electron/transports/clock.ts'
import type { SendResult } from '../../electron/transports/send-result.ts'
import { PHASES, type Phase } from '../../shared/record/words.ts'

type Fields =
  'seq outcome code phase sample turns reused connection recipientsRefused throttled retryAfterSeconds bytesOut bytesIn waitUs mayBeDelivered'

/** A copy of a result, with its phases by name. */
export interface Sent extends Pick<SendResult, Split<Fields>> {
  serviceUs: number
  /** Turns of each phase that took place. */
  phases: Partial<Record<Phase, number>>
  /** Time waited in each phase that took place, ms. */
  phaseMs: Partial<Record<Phase, number>>
}

type Split<Text extends string> = Text extends `${infer Word} ${infer Rest}` ? Word | Split<Rest> : Text

/** A lane that is used one send after another. */
export interface Sender {
  /** @param seq number of the message; by default one more than the last */
  send(options?: { seq?: number; followed?: boolean }): Promise<Sent>
  abort(): void
  /** How often a send has ended. */
  readonly ended: number
  /** Ends of sends that nobody waited for. */
  readonly unexpected: number
}

export function openSender(client: Client, index = 0): Sender {
  let settle: ((sent: Sent) => void) | null = null
  let ended = 0
  let unexpected = 0
  let nextSeq = index * 1000
  const lane = client.openLane(index, (result) => {
    ended++
    if (settle === null) unexpected++
    settle?.(copyOf(result))
    settle = null
  })
  return {
    send({ seq = nextSeq++, followed = false } = {}) {
      return new Promise<Sent>((resolve) => {
        settle = resolve
        lane.send(seq, nowUs(), followed)
      })
    },
    abort: () => lane.abort(),
    get ended() {
      return ended
    },
    get unexpected() {
      return unexpected
    }
  }
}

/**
 * Sends `count` messages one behind the other, each from within the end of the one before, as the engine does.
 * @param onDone hears each result at once
 */
export function sendInRow(client: Client, count: number, onDone?: (sent: Sent) => void): Promise<Sent[]> {
  return new Promise((resolve) => {
    const results: Sent[] = []
    const lane = client.openLane(0, (result) => {
      const sent = copyOf(result)
      results.push(sent)
      onDone?.(sent)
      if (results.length === count) resolve(results)
      else lane.send(results.length, nowUs(), results.length + 1 < count)
    })
    lane.send(0, nowUs(), count > 1)
  })
}

function copyOf(result: SendResult): Sent {
  const phases: Sent['phases'] = {}
  const phaseMs: Sent['phaseMs'] = {}
  PHASES.forEach((phase, index) => {
    if ((result.phaseMask & (1 << index)) === 0) return
    phases[phase] = result.phaseTurns[index] ?? 0
    phaseMs[phase] = (result.phaseUs[index] ?? 0) / 1000
  })
  const { seq, outcome, code, phase, sample, turns, reused, connection, throttled, waitUs } = result
  const { recipientsRefused, retryAfterSeconds, bytesOut, bytesIn, doneUs, startedUs, mayBeDelivered } =
    result
  return {
    ...{ seq, outcome, code, phase, sample, turns, reused, connection, throttled, waitUs, phases, phaseMs },
    ...{ recipientsRefused, retryAfterSeconds, bytesOut, bytesIn, mayBeDelivered },
    serviceUs: doneUs - startedUs
  }
}
