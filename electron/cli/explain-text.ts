import { partsWords, transferSentence } from '../../shared/insight/parts-words.ts'
import type { ExplainEvent, ExplainRecord } from '../../shared/record/explain-record.ts'
import { figure } from '../../shared/text/format.ts'
import { bold, dim } from './output.ts'
import { printable } from './printable.ts'
import { turnLine } from './turn-line.ts'

type Explained = ExplainRecord['transports'][number]

/**
 * One send for reading in a terminal: what its time is made of, its time line, then every line with its time, every turn
 * with its number.
 */
export function explainText(send: Explained): string {
  const connection = send.connection === 'cold' ? 'a new connection' : 'the kept connection'
  const turns = `${send.turns} ${send.turns === 1 ? 'turn' : 'turns'}`
  return [
    bold(`${send.name}, ${connection}: ${turns}, ${figure(send.totalMs)} ms, ${send.outcome} ${send.code}`),
    ...partsLines(send),
    '',
    turnLine(send.events, send.totalMs),
    '',
    dim('       ms  turn'),
    ...inReadingOrder(send.events).map(eventLine)
  ].join('\n')
}

/** The parts of the send's time, as far as they are known, and who told of the transfer, where there is any. */
function partsLines(send: Explained): string[] {
  const parts = partsWords(send.totalMs, send)
  return [
    ...(parts === '' ? [] : [parts]),
    ...(send.transferMs === 0 ? [] : [transferSentence(send.transferSource, send.congestionControl)])
  ]
}

/** A turn stands before what was heard at its end. */
function inReadingOrder(events: readonly ExplainEvent[]): ExplainEvent[] {
  const ordered: ExplainEvent[] = []
  for (const event of events) {
    let at = ordered.length
    if (event.kind === 'turn')
      while (ordered[at - 1]?.kind === 'heard' && ordered[at - 1]?.phase === event.phase) at--
    ordered.splice(at, 0, event)
  }
  return ordered
}

function eventLine(event: ExplainEvent): string {
  const time = event.atMs.toFixed(2).padStart(9)
  switch (event.kind) {
    case 'sent':
      return `${time}        C: ${printable(event.text)}`.trimEnd()
    case 'heard':
      return `${time}        S: ${printable(event.text)}`.trimEnd()
    case 'turn':
      return `${time}  ${event.turn === null ? '   -' : String(event.turn).padStart(4)}  ${dim(`-- ${event.text}: waited ${figure(event.waitedMs ?? 0)} ms`)}`
    case 'tls':
      return `${time}        ${dim(event.text)}`
    case 'connected':
    case 'closed':
      return `${time}        ${dim(event.text)}`
  }
}
