import type { TransferSource } from '../record/words.ts'
import { figure } from '../text/format.ts'
import type { ServiceParts } from './service-parts.ts'

/** service = lookup + chatter + transfer + server + client, in figures; '' where a part of it is not known. */
export function partsWords(
  serviceMs: number | null,
  { lookupMs, chatterMs, transferMs, serverMs, clientMs }: ServiceParts
): string {
  if (serviceMs === null || chatterMs === null || serverMs === null || clientMs === null) return ''
  return `${figure(serviceMs)} ms = ${figure(lookupMs ?? 0)} lookup + ${figure(chatterMs)} chatter + ${figure(transferMs ?? 0)} transfer + ${figure(serverMs)} server + ${figure(clientMs)} client`
}

/** Says who told of a transfer time. */
export function transferSentence(source: TransferSource, congestionControl: string | null): string {
  switch (source) {
    case 'emulated':
      return 'Transfer time is what the emulated link’s model of TCP’s window took.'
    case 'kernel':
      return `Transfer time is as the kernel tells it (TCP_INFO, ${congestionControl ?? 'unknown algorithm'}).`
    case 'model':
      return 'Transfer time is modelled: this system does not tell what TCP did.'
  }
}
