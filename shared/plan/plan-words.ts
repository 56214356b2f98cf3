import { bytes, counted, figure, milliseconds, withUnit } from '../text/format.ts'
import type { Load, Message, Plan } from './plan.ts'
import { hostOf } from './plan-target.ts'
import { SANDBOX_HOST } from './sandbox-target.ts'

/** Where a plan sends: `sandbox, RTT 40 ms emulated`. */
export function placeWords({ transports, emulate }: Plan): string {
  const hosts = [...new Set(transports.map(hostOf))]
  const where = hosts.map((host) => (host === SANDBOX_HOST ? 'sandbox' : host))
  const text = where.length > 2 ? `${where.length} hosts` : where.join(', ')
  return emulate.rttMs > 0 ? `${text}, RTT ${milliseconds(emulate.rttMs)} emulated` : text
}

/** How hard: `3,000 messages each, 10 at a time`. */
export function loadWords(load: Load): string {
  switch (load.model) {
    case 'closed':
      return load.messages === undefined
        ? `${load.concurrency} at a time for ${withUnit(String(load.durationSeconds), 's')} each`
        : `${counted(load.messages, 'message')} each, ${load.concurrency} at a time`
    case 'open':
      return `${figure(load.rate)} a second for ${withUnit(String(load.durationSeconds), 's')} each`
    case 'stages':
      return `${counted(load.stages.length, 'stage')}, at most ${load.maxConcurrency} at a time`
  }
}

/** What: `2.05 KB, 1 recipient`. */
export function messageWords({ sizeBytes, attachments, to }: Message): string {
  const files = attachments.reduce((sum, file) => sum + file.sizeBytes, 0)
  const attached = files > 0 ? ` and ${bytes(files)} attached` : ''
  return `${bytes(sizeBytes)}${attached}, ${counted(to.length, 'recipient')}`
}
