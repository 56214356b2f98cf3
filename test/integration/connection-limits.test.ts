import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startRun } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { validPlan } from '../support/records.ts'

let server: Server | undefined
let messages = 0
/** Messages that each connection carried; those that carried none (preflight) stay out. */
let perConnection: number[] = []

afterEach(() => {
  server?.close()
})

/** A plain SMTP server; hangs up after `closeAfter` messages of a connection, says `mailMax` in its EHLO (RFC 9422). */
async function startServer(options: { closeAfter?: number; mailMax?: number }): Promise<number> {
  messages = 0
  perConnection = []
  server = createServer({ noDelay: true }, (socket) => {
    converse(socket, options)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

function converse(socket: Socket, { closeAfter, mailMax }: { closeAfter?: number; mailMax?: number }): void {
  let text = ''
  let inContent = false
  let carried = 0
  socket.on('error', () => undefined)
  socket.on('close', () => {
    if (carried > 0) perConnection.push(carried)
  })
  socket.on('data', (piece) => {
    text += piece.toString('latin1')
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 2)
      if (inContent) {
        if (line !== '.') continue
        inContent = false
        messages++
        socket.write('250 2.0.0 taken\r\n')
        if (++carried === closeAfter) socket.end()
      } else if (line.startsWith('EHLO')) {
        socket.write(mailMax === undefined ? '250 here\r\n' : `250-here\r\n250 LIMITS MAILMAX=${mailMax}\r\n`)
      } else if (line === 'DATA') {
        inContent = true
        socket.write('354 go on\r\n')
      } else if (line === 'QUIT') {
        socket.end('221 bye\r\n')
      } else {
        socket.write('250 fine\r\n')
      }
    }
  })
  socket.write('220 here\r\n')
}

const loads: { title: string; load: PlanInput['load'] }[] = [
  { title: 'a closed load', load: { model: 'closed', concurrency: 6, messages: 120 } },
  { title: 'an open load', load: { model: 'open', rate: 80, durationSeconds: 1.5, maxConcurrency: 6 } }
]

async function run(
  port: number,
  load: PlanInput['load'],
  limits: { messagesPerConnection?: number; maxConnections?: number } = {}
): Promise<TransportRecord> {
  const plan = validPlan({
    load,
    rounds: 1,
    warmupSeconds: 0,
    timeoutSeconds: 10,
    transports: [{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none', ...limits }]
  })
  const { record } = await startRun({
    plan,
    workers: 2,
    folder: temporaryFolder(),
    force: false,
    collectSends: false,
    keychain: noKeychain
  }).done
  const [transport] = record.transports
  if (transport === undefined) throw new Error('no transport')
  return transport
}

describe.each(loads)('$title', ({ load }) => {
  it('opens no more connections than maxConnections, and puts no more on each than messagesPerConnection', async () => {
    const port = await startServer({})
    const found = await run(port, load, { messagesPerConnection: 5, maxConnections: 3 })
    expect(found.counts).toEqual({ sent: 120, accepted: 120, rejected: 0, failed: 0, aborted: 0 })
    expect(messages).toBe(120)
    expect(found.connections.maxOpen).toBeLessThanOrEqual(3)
    expect(Math.max(...perConnection)).toBe(5)
    expect(found.connections.opened + found.connections.reused).toBe(120)
  })

  it('keeps to the MAILMAX that the server announces', async () => {
    const port = await startServer({ mailMax: 4 })
    const found = await run(port, load)
    expect(found.counts).toMatchObject({ sent: 120, accepted: 120 })
    expect(Math.max(...perConnection)).toBe(4)
    expect(found.connections.closedByPeer).toBe(0)
  })

  it('counts every connection that the peer closes early; no message is lost or sent twice', async () => {
    const port = await startServer({ closeAfter: 7 })
    const { counts, connections } = await run(port, load)
    expect(counts.sent).toBe(120)
    expect(counts.accepted + counts.rejected + counts.failed + counts.aborted).toBe(120)
    expect(counts.accepted).toBe(messages)
    expect(connections.opened).toBeGreaterThan(120 / 7 - 1)
    // Whoever was hung up on noticed before its next send, began it anew and says so, or failed with it: never a silent retry.
    const noticed = connections.closedByPeer + connections.resent + counts.failed
    expect(noticed).toBeGreaterThan(0)
    expect(noticed).toBeLessThanOrEqual(connections.opened)
  })
})
