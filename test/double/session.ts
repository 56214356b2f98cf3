import { EventEmitter } from 'node:events'
import { strict } from './problems.ts'

type RequestHandler = (contents: null, permission: string, answer: (granted: boolean) => void) => void
type CheckHandler = () => boolean

let request: RequestHandler | null = null
let check: CheckHandler | null = null

const defaultSession = strict(
  'session.defaultSession',
  Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: (handler: RequestHandler | null) => {
      request = handler
    },
    setPermissionCheckHandler: (handler: CheckHandler | null) => {
      check = handler
    }
  })
)

/** What the application answers to a page that asks for a permission. Electron's own default is to grant. */
export function permissionAnswers(permission: string): { asked: boolean; checked: boolean } {
  let asked = true
  request?.(null, permission, (granted) => {
    asked = granted
  })
  return { asked, checked: check?.() ?? true }
}
Object.assign(globalThis, { __edoublePermission: permissionAnswers })

export const session = strict('session', { defaultSession })
