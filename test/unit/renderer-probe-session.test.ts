import { expect, test } from 'vitest'
import { unknownPort } from '../../electron/probe/smtp-port.ts'
import { ProbeSession } from '../../renderer/ports/probe-session.svelte.ts'
import { Client } from '../../renderer/stores/client.ts'
import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'

const REQUEST = {
  host: '[::1]',
  ports: [25, 443],
  apiUrl: 'https://[::1]/v3',
  ehloName: null,
  caFile: null
}

/** A look that goes on: what it hears of ports, and how it ends. */
function look(request = REQUEST): {
  session: ProbeSession
  hear: (port: ProbePort) => void
  end: (ports: ProbePort[]) => Promise<void>
} {
  let hear: (port: ProbePort) => void = () => undefined
  const answer = Promise.withResolvers<unknown>()
  const session = new ProbeSession(
    new Client({
      call: (() => answer.promise) as never,
      on: ((_: string, listener: typeof hear) => {
        hear = listener
        return () => undefined
      }) as never
    })
  )
  const done = session.start(request)
  const end = async (ports: ProbePort[]): Promise<void> => {
    const value: ProbeRecord = {
      ...{ schema: 1, host: '::1', ports },
      recommendation: { port: null, security: null, reason: 'none' }
    }
    answer.resolve({ ok: true, value })
    await done
  }
  return { session, hear: (port) => hear(port), end }
}

test('what another page looks at is none of this one’s findings', () => {
  const { session, hear } = look()
  hear(unknownPort('smtp.example.com', 25, 'refused'))
  hear(unknownPort('::1', 587, 'refused'))
  expect(session.found).toEqual([])
  hear(unknownPort('::1', 25, 'refused'))
  expect(session.found.map(({ port }) => port)).toEqual([25])
})

test('each port is found once, however many looks at it tell of it', async () => {
  const { session, hear, end } = look()
  const [smtp, http] = [unknownPort('::1', 443, 'other'), unknownPort('::1', 443, 'http')]
  hear(smtp)
  hear(smtp)
  hear(http)
  expect(session.found).toEqual([http])
  await end([unknownPort('::1', 25, 'refused'), smtp, http])
  expect(session.found.map(({ port, state }) => [port, state])).toEqual([
    [25, 'refused'],
    [443, 'http']
  ])
})
