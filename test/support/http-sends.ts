import type { Client } from '../../electron/transports/client.ts'
import { nowUs } from '../../electron/transports/clock.ts'
import type { SendResult } from '../../electron/transports/send-result.ts'
import { PHASES, type Phase } from '../../shared/words.ts'

/** A copy of a result, with its phases by name. */
export interface Sent {
  seq: number
  outcome: SendResult['outcome']
  code: string
  phase: Phase
  sample: string
  turns: number
  reused: boolean
  connection: number
  throttled: boolean
  retryAfterSeconds: number
  bytesOut: number
  bytesIn: number
  waitUs: number
  serviceUs: number
  phaseTurns: Partial<Record<Phase, number>>
}

/** A lane that is used one send after another. */
export interface Sender {
  send(seq?: number): Promise<Sent>
  abort(): void
  /** How often a send has ended. */
  readonly ended: number
}

export function openSender(client: Client, index = 0): Sender {
  let resolve: (sent: Sent) => void = () => undefined
  let ended = 0
  let nextSeq = index * 1000
  const lane = client.openLane(index, (result) => {
    ended++
    resolve(copy(result))
  })
  return {
    send(seq = nextSeq++) {
      return new Promise<Sent>((done) => {
        resolve = done
        lane.send(seq, nowUs(), false)
      })
    },
    abort: () => lane.abort(),
    get ended() {
      return ended
    }
  }
}

function copy(result: SendResult): Sent {
  const phaseTurns: Partial<Record<Phase, number>> = {}
  PHASES.forEach((phase, index) => {
    if ((result.phaseMask & (1 << index)) !== 0) phaseTurns[phase] = result.phaseTurns[index] ?? 0
  })
  const { seq, outcome, code, phase, sample, turns, reused, connection, throttled } = result
  const { retryAfterSeconds, bytesOut, bytesIn, waitUs } = result
  return {
    seq,
    outcome,
    code,
    phase,
    sample,
    turns,
    reused,
    connection,
    throttled,
    retryAfterSeconds,
    bytesOut,
    bytesIn,
    waitUs,
    serviceUs: result.doneUs - result.startedUs,
    phaseTurns
  }
}
