import type { HttpTemplate } from '../plan.ts'
import type { HttpSide, Json, OutgoingMessage, Provider } from './provider.ts'
import { joinPath, NO_LIMITS, NO_SINKS, THROTTLED } from './provider.ts'

/** A submission server or a JSON API that no preset knows. */
export const generic: Provider = {
  id: 'generic',
  label: 'Other server or JSON API',
  smtp: {
    hosts: [],
    ports: [
      { port: 587, security: 'starttls' },
      { port: 465, security: 'tls' },
      { port: 2525, security: 'starttls' },
      { port: 25, security: 'none' }
    ],
    user: null,
    testHeaders: {},
    limits: NO_LIMITS
  },
  http: null,
  sinks: NO_SINKS,
  notes: [
    'The API call is a template of your own: {{from}} {{to}} {{subject}} {{text}} {{html}} {{messageId}} are filled in.'
  ]
}

/** The HTTP side that a plan's own template describes: Basic when it names a user, else Bearer. */
export function genericHttp(template: HttpTemplate): HttpSide {
  return {
    urls: [],
    auth: { scheme: 'basic-or-bearer' },
    user: null,
    bodies: ['json'],
    describeCall: (message, options) => ({
      method: 'POST',
      path: joinPath(options.basePath, template.path),
      headers: fillAll(template.headers, message),
      body: { kind: 'json', value: fill(template.body, message) }
    }),
    accepted: template.success,
    messageId: null,
    throttled: THROTTLED,
    resetHeader: null,
    testMode: false,
    limits: NO_LIMITS
  }
}

function fillAll(fields: Readonly<Record<string, string>>, message: OutgoingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fillText(value, message)]))
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
  return text.replace(/\{\{(from|to|subject|text|html|messageId)\}\}/g, (_, name: string) => {
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
      default:
        return message.messageId
    }
  })
}
