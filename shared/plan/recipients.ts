import { genericHttp } from '../providers/generic.ts'
import { isTemplated } from '../providers/index.ts'
import type { Message, Transport } from './plan.ts'

/**
 * Mailboxes that a transport's finished request names beside those of the message: a template can name whom it will. In
 * a message's own fields there are none, its subject excepted where a template puts it.
 */
export function templateMailboxes(transport: Transport, message: Message): string[] {
  if (transport.protocol === 'smtp' || !isTemplated(transport.provider) || transport.template === null)
    return []
  const call = genericHttp(transport.template).describeCall(
    {
      ...{ from: message.from, to: message.to, subject: message.subject, text: '', html: null },
      ...{ attachments: [], messageId: '', headers: {} }
    },
    { basePath: '', domain: '', testMode: false, body: 'json' }
  )
  const texts = [
    call.path,
    ...Object.values(call.headers),
    ...(call.body.kind === 'json' ? textsOf(call.body.value) : [])
  ]
  const known = [message.from, ...message.to].map((text) => text.toLowerCase())
  const found = texts.flatMap((text) => [text, decoded(text)]).flatMap(mailboxesIn)
  return [...new Set(found)].filter((text) => !known.includes(text.toLowerCase()))
}

/** Everything in a text that could be read as a mailbox. */
function mailboxesIn(text: string): string[] {
  return text.match(/[^\s"'<>()[\],;:\\/?&={}]+@[^\s"'<>()[\],;:\\/?&={}@]+/g) ?? []
}

/** Every string of a JSON value, names of fields too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, entry]) => [name, ...textsOf(entry)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
