import { MAIL_PORTS } from '../plan/mail-ports.ts'
import type { HttpTemplate, SecretRef } from '../plan/plan.ts'
import { BRACED, PLACEHOLDERS } from '../plan/placeholders.ts'
import { plainText } from '../plan/secret-refs.ts'
import type { HttpSide, Json, MessageIdPlace, OutgoingMessage, Provider } from './provider.ts'
import { apiSide, joinPath, smtpSide } from './provider.ts'

/** A submission server or a JSON API that no preset knows. */
export const generic: Provider = {
  id: 'generic',
  label: 'Other server or JSON API',
  smtp: smtpSide({ hosts: [], ports: MAIL_PORTS }),
  http: null,
  template: {
    path: '/',
    body: { from: '{{from}}', to: '{{to}}', subject: '{{subject}}', text: '{{text}}' }
  },
  mark: {
    messageId: 'undocumented',
    apiHeader: 'by template',
    source: 'the plan’s own template'
  },
  notes: [
    `The API call is a template of your own: ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(' ')} are filled in.`
  ]
}

/** The HTTP side that a plan's own template describes: Basic when it names a user, else Bearer. */
export function genericHttp(template: HttpTemplate): HttpSide {
  return apiSide({
    urls: [],
    auth: { scheme: 'basic-or-bearer' },
    describeCall: (message, options) => ({
      method: 'POST',
      path: withQuery(joinPath(options.basePath, template.path), fillAll(template.query, message)),
      headers: fillAll(template.headers, message),
      body: { kind: 'json', value: fill(template.body, message) }
    }),
    accepted: template.success,
    messageId: idPlace(template.messageId)
  })
}

function idPlace(place: HttpTemplate['messageId']): MessageIdPlace | null {
  if (place === null) return null
  return 'header' in place
    ? { in: 'header', name: place.header.toLowerCase() as Lowercase<string> }
    : { in: 'json', path: place.json }
}

function fillAll(
  fields: Readonly<Record<string, string | SecretRef>>,
  message: OutgoingMessage
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fillText(plainText(value), message)])
  )
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='))
  return pairs.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

/** Fills the placeholders in every string of a JSON value; names of fields are left alone. */
function fill(value: unknown, message: OutgoingMessage): Json {
  if (typeof value === 'string') return fillText(value, message)
  if (Array.isArray(value)) return value.map((entry) => fill(entry, message))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, fill(entry, message)]))
  }
  return typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function fillText(text: string, message: OutgoingMessage): string {
  return text.replace(BRACED, (braced, name: string) => {
    switch (name) {
      case 'to':
        return message.to.join(', ')
      case 'html':
        return message.html ?? ''
      case 'from':
        return message.from
      case 'subject':
        return message.subject
      case 'text':
        return message.text
      case 'messageId':
        return message.messageId
      default:
        return braced
    }
  })
}
