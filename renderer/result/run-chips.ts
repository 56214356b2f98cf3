import { counted } from '../../shared/text/format.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { dateTime } from '../ui/figures.ts'
import { loadWords, messageWords, placeWords } from '../../shared/plan/plan-words.ts'

/** A fact of a run in a word or two. */
export interface Chip {
  text: string
  tone: 'plain' | 'good' | 'warn' | 'bad'
}

/** What a reader must know before the figures: where, how hard, how big, how safe, when. */
export function runChips(record: RunRecord): Chip[] {
  const { plan, startedAt } = record
  const plain = [
    placeWords(plan),
    loadWords(plan.load),
    messageWords(plan.message),
    counted(plan.rounds, 'round')
  ]
  const failed = record.asserts.filter(({ pass }) => !pass).length
  return [
    ...(failed > 0 ? [{ text: `${counted(failed, 'assertion')} failed`, tone: 'bad' } as const] : []),
    ...(failed === 0 && record.asserts.length > 0
      ? [{ text: `${counted(record.asserts.length, 'assertion')} passed`, tone: 'good' } as const]
      : []),
    ...plain.map((text): Chip => ({ text, tone: 'plain' })),
    ...tls(record),
    ...(record.transports.some(({ generatorLimited }) => generatorLimited)
      ? [{ text: 'this machine was the limit', tone: 'warn' } as const]
      : []),
    { text: dateTime(startedAt), tone: 'plain' }
  ]
}

/** Says which TLS was spoken, and loudly when it was not verified or not there at all. */
function tls({ transports, plan }: RunRecord): Chip[] {
  const chips: Chip[] = []
  const spoken = transports.flatMap(({ observed }) => observed?.tls ?? [])
  const versions = [...new Set(spoken.map(({ version }) => version.replace('TLSv', 'TLS ')))].join(', ')
  const unverified = plan.transports.filter(
    (planned, index) => !planned.tls.verify && transports[index]?.observed?.tls != null
  )
  if (unverified.length > 0)
    chips.push({ text: `TLS NOT verified: ${unverified.map(({ name }) => name).join(', ')}`, tone: 'bad' })
  else if (spoken.length > 0) chips.push({ text: `${versions}, verified`, tone: 'plain' })
  const clear = transports.filter(({ observed }) => observed !== null && observed.tls === null)
  if (clear.length > 0)
    chips.push({
      text:
        clear.length === transports.length ? 'no TLS' : `no TLS: ${clear.map(({ name }) => name).join(', ')}`,
      tone: 'warn'
    })
  return chips
}
