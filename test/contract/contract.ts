import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import { ATTEMPT_DELAY_MS } from '../../electron/transports/connect/address-race.ts'
import type { Lookup } from '../../electron/transports/connect/resolver.ts'
import type { Outcome, Phase } from '../../shared/record/words.ts'
import { openBlackHole } from '../support/black-hole.ts'
import { block } from '../support/block.ts'
import { type Contender, CONTENDERS, type ContractSetup } from '../support/contract-clients.ts'
import { type Deed, PACE, type Peer, PIECE_MS, REFUSAL } from '../support/contract-peers.ts'
import { openSender, type Sender, type Sent } from '../support/sends.ts'
import { until } from '../support/until.ts'

const TIMEOUT_MS = 600
/** Where no limit is to have a part in how a send ends. */
const PATIENT_MS = 30_000
/** What ends by itself does so at once, but for what a busy machine adds. */
const PROMPT_MS = 10_000
/** How much later than its limit a wait may be cut: a sweep, and a busy machine. */
const LATE_MS = 1500
/** What a client takes for itself beside a wait. */
const OWN_MS = 50
/** Longer than a wait may last, and than a library's own clocks might let it. */
const STANDSTILL_MS = 3 * TIMEOUT_MS

/** What a peer does with a message, and how every client must tell of it. */
const ANSWERS: {
  deed: Deed
  outcome: Outcome
  code: { smtp: string; http: string }
  /** Phase in which the send ends. */
  ends: 'waiting' | 'answering'
  sample: RegExp
  throttled?: boolean
  /** The connection lives on. */
  keeps?: boolean
}[] = [
  {
    deed: 'accept',
    outcome: 'accepted',
    code: { smtp: '250 2.0.0', http: '200' },
    ends: 'answering',
    sample: /^$/,
    keeps: true
  },
  {
    deed: 'reject',
    outcome: 'rejected',
    code: { smtp: '554 5.7.1', http: '400' },
    ends: 'answering',
    sample: new RegExp(REFUSAL),
    keeps: true
  },
  {
    deed: 'throttle',
    outcome: 'rejected',
    code: { smtp: '450 4.2.1', http: '429' },
    ends: 'answering',
    sample: new RegExp(PACE),
    throttled: true,
    keeps: true
  },
  {
    deed: 'close before the answer',
    outcome: 'failed',
    code: { smtp: 'CONNECTION_CLOSED', http: 'CONNECTION_CLOSED' },
    ends: 'waiting',
    sample: /^the server closed the connection (without an answer in phase content|before it answered)$/
  },
  {
    deed: 'close in the answer',
    outcome: 'failed',
    code: { smtp: 'CONNECTION_CLOSED', http: 'CONNECTION_CLOSED' },
    ends: 'answering',
    sample:
      /^the server closed the connection (without an answer in phase content|in the middle of its answer)$/
  },
  {
    deed: 'close after the answer',
    outcome: 'accepted',
    code: { smtp: '250 2.0.0', http: '200' },
    ends: 'answering',
    sample: /^$/
  },
  {
    deed: 'silence',
    outcome: 'failed',
    code: { smtp: 'TIMEOUT', http: 'TIMEOUT' },
    ends: 'waiting',
    sample: /^no answer within 0\.6 s in phase (content|wait)$/
  },
  {
    deed: 'silence in the answer',
    outcome: 'failed',
    code: { smtp: 'TIMEOUT', http: 'TIMEOUT' },
    ends: 'answering',
    sample: /^no answer within 0\.6 s in phase (content|response)$/
  }
]

const closers: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Addresses for a name, as a resolver that takes its time gives them. */
function resolver(addresses: string[], afterMs = 0): { lookup: Lookup; answered: () => number } {
  let answered = 0
  return {
    answered: () => answered,
    lookup: (_host, _family, done) => {
      setTimeout(() => {
        done(
          null,
          addresses.map((address) => ({ address, family: 4 }))
        )
        answered++
      }, afterMs)
    }
  }
}

const failing =
  (code: string): Lookup =>
  (host, _family, done) =>
    setImmediate(() => done(Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code }), []))

/** What holds of every send, however it ended. */
function checkBooks(sent: Sent): void {
  const sum = (values: Partial<Record<Phase, number>>): number =>
    Object.values(values).reduce((total, value) => total + value, 0)
  expect(sum(sent.phases)).toBe(sent.turns)
  expect(sum(sent.phaseMs)).toBeCloseTo(sent.waitUs / 1000, 3)
  expect(sent.waitUs).toBeLessThanOrEqual(sent.serviceUs + 1)
}

async function openTo(
  contender: Contender,
  peer: { port: number },
  setup: Partial<ContractSetup> = {}
): Promise<{ client: Client; sender: Sender }> {
  const client = await contender.open({ port: peer.port, timeoutMs: PATIENT_MS, ...setup })
  closers.push(() => client.close(500))
  return { client, sender: openSender(client) }
}

async function meet(
  contender: Contender,
  setup: Partial<ContractSetup> = {}
): Promise<{ peer: Peer; client: Client; sender: Sender }> {
  const peer = await contender.startPeer()
  closers.push(() => peer[Symbol.asyncDispose]())
  return { peer, ...(await openTo(contender, peer, setup)) }
}

/** A listener that takes connections and says nothing. */
async function startMute(): Promise<{ port: number; heard: () => number }> {
  const sockets = new Set<Socket>()
  let heard = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => heard++)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, heard: () => heard }
}

/**
 * Makes the tests of what is expected of every client alike. Each client has a file of its own: they wait more than they
 * compute, and so all of them side by side.
 * @param name of a client in {@link CONTENDERS}
 */
export function contractOf(name: string): void {
  const contender = CONTENDERS.find((each) => each.name === name)
  if (contender === undefined) throw new Error(`there is no client "${name}"`)
  describe(name, () => {
    testsOf(contender)
  })
}

function testsOf(contender: Contender): void {
  const { protocol } = contender

  test.each(ANSWERS)('$deed: $outcome', async (row) => {
    const isLimited = row.code.smtp === 'TIMEOUT'
    const { peer, client, sender } = await meet(contender, isLimited ? { timeoutMs: TIMEOUT_MS } : {})
    peer.deed = row.deed
    const sent = await sender.send()
    expect(sent).toMatchObject({
      outcome: row.outcome,
      code: row.code[protocol],
      phase: contender[row.ends],
      sample: expect.stringMatching(row.sample) as string,
      throttled: row.throttled ?? false,
      retryAfterSeconds: row.throttled === true ? 30 : 0,
      reused: false,
      connection: 1
    })
    checkBooks(sent)
    expect(sent.phases).toMatchObject({ tcp: 1, [contender.waiting]: 1 })
    expect(client.stats.leastTurnUs).toBeGreaterThan(0)
    expect(client.observed).not.toBeNull()
    if (isLimited) {
      expect(sent.serviceUs / 1000).toBeGreaterThan(TIMEOUT_MS)
      expect(sent.serviceUs / 1000).toBeLessThan(TIMEOUT_MS + LATE_MS)
      // All that it was silent for, an answer that had begun or not.
      expect(sent.waitUs / 1000).toBeGreaterThan(TIMEOUT_MS - OWN_MS)
    } else expect(sent.serviceUs / 1000).toBeLessThan(PROMPT_MS)
    if (row.deed === 'close after the answer') {
      await until('the close to be noticed', () => client.stats.closedByPeer === 1)
    }

    peer.deed = 'accept'
    const keeps = row.keeps ?? (isLimited && contender.keepsWhenCut)
    const next = await sender.send()
    expect(next).toMatchObject({ outcome: 'accepted', seq: 1, reused: keeps, connection: keeps ? 1 : 2 })
    checkBooks(next)
    expect(peer.heard).toBe(2)
    expect([sender.ended, sender.unexpected]).toEqual([2, 0])
    expect(client.stats).toMatchObject({
      opened: keeps ? 1 : 2,
      reused: keeps ? 1 : 0,
      maxOpen: 1,
      closedByPeer: row.deed === 'close after the answer' ? 1 : 0
    })
    await client.close(500)
    expect(client.stats.open).toBe(0)
    await until('every connection closed', () => peer.open === 0)
  })

  test.each([
    ['closes', (peer: Peer) => peer.hangUp()],
    ['resets', (peer: Peer) => peer.reset()]
  ])(
    'a kept connection that the peer %s between sends is counted, and the next send opens another',
    async (_, end) => {
      const { peer, client, sender } = await meet(contender)
      await sender.send()
      end(peer)
      await until('the close to be noticed', () => client.stats.closedByPeer === 1)
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false, connection: 2 })
      expect(client.stats).toMatchObject({ opened: 2, reused: 0, open: 1, closedByPeer: 1 })
    }
  )

  test('a kept connection is used again, however long the next send lets it wait', async () => {
    const { client, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS })
    await sender.send()
    await pause(STANDSTILL_MS)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: true, connection: 1 })
    expect(client.stats).toMatchObject({ opened: 1, closedByPeer: 0 })
  })

  test('an answer that comes after its time is nobody’s', async () => {
    const { peer, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS })
    peer.deed = 'silence'
    expect(await sender.send()).toMatchObject({ outcome: 'failed', code: 'TIMEOUT' })
    peer.deed = 'reject'
    const next = sender.send()
    peer.answerLate()
    expect(await next).toMatchObject({ outcome: 'rejected', seq: 1 })
    expect([sender.ended, sender.unexpected]).toEqual([2, 0])
  })

  describe('given a thread that stands still for longer than the time limit', () => {
    test.each([
      ['a wait', { timeoutMs: TIMEOUT_MS }],
      ['the send', { timeoutMs: PATIENT_MS, sendTimeoutMs: TIMEOUT_MS }]
    ])('%s ends with the answer that came meanwhile', async (_, setup) => {
      const { peer, client, sender } = await meet(contender, setup)
      await sender.send()
      peer.deed = 'silence'
      const sending = sender.send()
      await until('the message', () => peer.heard === 2)
      // Timers are served next, and sockets only then.
      setImmediate(() => peer.answerLate(() => block(STANDSTILL_MS)))
      const sent = await sending
      expect(sent).toMatchObject({ outcome: 'accepted', reused: true })
      expect(sent.serviceUs / 1000).toBeGreaterThan(STANDSTILL_MS - 1)
      checkBooks(sent)
      expect(client.stats.opened).toBe(1)
    })

    test('a connection that was opened meanwhile is used', async () => {
      const lookup: Lookup = (_host, _family, done) => {
        setImmediate(() => done(null, [{ address: '127.0.0.1', family: 4 }]))
        // Behind the attempt's beginning, and before it is looked at.
        setImmediate(() => block(STANDSTILL_MS))
      }
      const { client, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS, host: 'peer.test', lookup })
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'accepted', connection: 1 })
      expect(sent.phaseMs.tcp).toBeGreaterThan(STANDSTILL_MS - 1)
      expect(client.stats.opened).toBe(1)
    })
  })

  test('stop cuts what is in flight, once, and leaves nothing open', async () => {
    const { peer, client, sender } = await meet(contender)
    peer.deed = 'silence'
    const sending = sender.send()
    await until('the message', () => peer.heard === 1)
    await client.close(100)
    const sent = await sending
    expect(sent).toMatchObject({ outcome: 'aborted', code: 'ABORTED', phase: contender.waiting })
    expect(sent.sample).toBe('cut before its outcome was known')
    checkBooks(sent)
    expect([sender.ended, client.stats.open]).toEqual([1, 0])
    await until('every connection closed', () => peer.open === 0)
  })

  describe.each(['time limit', 'abort'] as const)('%s in phase', (how) => {
    const timeoutMs = how === 'abort' ? PATIENT_MS : TIMEOUT_MS
    const expected = (phase: Phase): object =>
      how === 'abort'
        ? { outcome: 'aborted', code: 'ABORTED', phase, connection: 0 }
        : { outcome: 'failed', code: 'TIMEOUT', phase, sample: `no answer within 0.6 s in phase ${phase}` }

    async function endsIn(phase: Phase, sender: Sender, reached: () => boolean): Promise<Sent> {
      const sending = sender.send()
      await until(`phase ${phase}`, reached)
      if (how === 'abort') sender.abort()
      const sent = await sending
      expect(sent).toMatchObject(expected(phase))
      expect(sent.turns).toBe(
        sent.phases[phase] === 0 ? 0 : Object.keys(sent.phases).filter((each) => each !== 'dns').length
      )
      checkBooks(sent)
      return sent
    }

    test('dns', async () => {
      let asked = 0
      const { client, sender } = await meet(contender, {
        timeoutMs,
        host: 'peer.test',
        lookup: () => void asked++
      })
      const sent = await endsIn('dns', sender, () => asked === 1)
      expect(sent.phases).toEqual({ dns: 0 })
      expect(client.stats).toMatchObject({ opened: 0, open: 0 })
    })

    test('tcp', async () => {
      await using hole = await openBlackHole('127.0.0.1')
      const { lookup, answered } = resolver(['127.0.0.1'])
      const { client, sender } = await openTo(contender, hole, { timeoutMs, host: 'peer.test', lookup })
      const sent = await endsIn('tcp', sender, () => answered() === 1)
      if (how !== 'abort') expect(sent.phases).toEqual({ dns: 0, tcp: 1 })
      expect(client.stats).toMatchObject({ opened: 0, open: 0, leastConnectUs: Infinity })
    })

    test('tls', async () => {
      const mute = await startMute()
      const { client, sender } = await openTo(contender, mute, { timeoutMs, secure: true })
      const sent = await endsIn('tls', sender, () => mute.heard() > 0)
      expect(sent.phases).toEqual({ tcp: 1, tls: 1 })
      expect(client.stats).toMatchObject({ opened: 0, open: 0 })
    })
  })

  test('what this side takes to begin TLS is its own time: no part of the connecting, and not waited', async () => {
    const BEGIN_MS = 150
    // Node's own, behind the event that tells of the connection: there it makes the keys and the first message.
    const tls = TLSSocket.prototype as unknown as { _start: (this: TLSSocket) => void }
    const begin = tls._start
    const mute = await startMute()
    const { client, sender } = await openTo(contender, mute, { timeoutMs: TIMEOUT_MS, secure: true })
    tls._start = function (this: TLSSocket) {
      block(BEGIN_MS)
      begin.call(this)
    }
    const sent = await sender.send().finally(() => (tls._start = begin))
    expect(sent).toMatchObject({ outcome: 'failed', code: 'TIMEOUT', phase: 'tls' })
    expect(sent.phaseMs.tcp).toBeLessThan(BEGIN_MS)
    expect(client.stats.leastConnectUs / 1000).toBeLessThan(BEGIN_MS)
    expect((sent.serviceUs - sent.waitUs) / 1000).toBeGreaterThan(BEGIN_MS - 1)
    checkBooks(sent)
  })

  describe('an opening', () => {
    const LOOKUP_MS = 300

    /** What a send has to show that waited for one lookup and connected, and for its answer. */
    function checkOpened(sent: Sent, client: Client, leastDnsMs: number): void {
      expect(sent).toMatchObject({ outcome: 'accepted', reused: false, connection: 1 })
      expect(sent.phases).toMatchObject({ dns: 0, tcp: 1, [contender.waiting]: 1 })
      expect(sent.phaseMs.dns).toBeGreaterThan(leastDnsMs)
      expect(sent.phaseMs[contender.waiting]).toBeLessThan(LOOKUP_MS / 2)
      expect(client.stats.leastTurnUs / 1000).toBeLessThan(LOOKUP_MS / 2)
      checkBooks(sent)
    }

    test('that one lane gives up is not taken from the others that wait for it', async () => {
      const { lookup } = resolver(['127.0.0.1'], LOOKUP_MS)
      const { peer, client, sender } = await meet(contender, { host: 'peer.test', lookup })
      const other = openSender(client, 1)
      const [sending, othersSending] = [sender.send(), other.send()]
      await pause(LOOKUP_MS / 2)
      sender.abort()
      expect(await sending).toMatchObject({ outcome: 'aborted', phase: 'dns', connection: 0 })
      checkOpened(await othersSending, client, LOOKUP_MS * 0.9)
      // What was given up before it was said is never said.
      expect([peer.heard, peer.accepted, client.stats.opened]).toEqual([1, 1, 1])
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: contender.hasStreams })
      expect(client.stats.opened).toBe(contender.hasStreams ? 1 : 2)
    })

    test('that was given up is not what the next send is told of', async () => {
      const slow = resolver(['127.0.0.1'], LOOKUP_MS)
      const quick = resolver(['127.0.0.1'], LOOKUP_MS * 0.8)
      let asked = 0
      const lookup: Lookup = (...args) => (++asked === 1 ? slow : quick).lookup(...args)
      const { peer, client, sender } = await meet(contender, { host: 'peer.test', lookup })
      const sending = sender.send()
      await pause(LOOKUP_MS / 2)
      sender.abort()
      expect(await sending).toMatchObject({ outcome: 'aborted', phase: 'dns' })
      checkOpened(await sender.send(), client, LOOKUP_MS * 0.7)
      expect(slow.answered()).toBe(1)
      expect([peer.heard, peer.accepted, client.stats.opened]).toEqual([1, 1, 1])
    })

    test('that several lanes wait for fails in the same phase for all of them', async () => {
      const mute = await startMute()
      const { client, sender } = await openTo(contender, mute, { timeoutMs: TIMEOUT_MS, secure: true })
      const sending = sender.send()
      await until('the handshake', () => mute.heard() > 0)
      for (const sent of await Promise.all([sending, openSender(client, 1).send()])) {
        expect(sent).toMatchObject({ outcome: 'failed', code: 'TIMEOUT', phase: 'tls', connection: 0 })
        expect(sent.sample).toBe('no answer within 0.6 s in phase tls')
        checkBooks(sent)
      }
    })

    test('is over at once when the client stops, and nothing is opened any more', async () => {
      const CLOSE_MS = 1000
      const asked: Parameters<Lookup>[2][] = []
      const lookup: Lookup = (_host, _family, done) => void asked.push(done)
      const { peer, client, sender } = await meet(contender, { host: 'peer.test', lookup })
      const sending = sender.send()
      await until('the lookup', () => asked.length === 1)
      const startedMs = performance.now()
      await client.close(CLOSE_MS)
      expect(performance.now() - startedMs).toBeLessThan(CLOSE_MS / 2)
      expect(await sending).toMatchObject({ outcome: 'aborted', code: 'ABORTED', phase: 'dns' })
      for (const done of asked) done(null, [{ address: '127.0.0.1', family: 4 }])
      await pause(OWN_MS)
      expect([peer.accepted, client.stats.opened, client.stats.open]).toEqual([0, 0, 0])
    })
  })

  test('an answer in pieces may take longer than the time limit, which is for each of them', async () => {
    const { peer, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS })
    expect(PIECE_MS).toBeLessThan(TIMEOUT_MS)
    peer.deed = 'accept in pieces'
    const sent = await sender.send()
    expect(sent).toMatchObject({ outcome: 'accepted' })
    expect(sent.serviceUs / 1000).toBeGreaterThan(TIMEOUT_MS)
    checkBooks(sent)
  })

  test('a silent peer is not excused by what it does for another lane', async () => {
    const { peer, client, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS })
    const other = openSender(client, 1)
    await other.send()
    peer.deed = 'silence'
    const sending = sender.send()
    await until('the message', () => peer.heard === 2)
    peer.deed = 'accept'
    while (sender.ended === 0) {
      await pause(10)
      expect(await other.send()).toMatchObject({ outcome: 'accepted' })
    }
    const sent = await sending
    expect(sent).toMatchObject({ outcome: 'failed', code: 'TIMEOUT', phase: contender.waiting })
    expect(sent.serviceUs / 1000).toBeLessThan(TIMEOUT_MS + LATE_MS)
  })

  // Below the other protocols it is the system that takes what is said, and as much of it as the system likes.
  if (contender.hasStreams) {
    test('a slow reader of a large content is not silent', async () => {
      const { peer, sender } = await meet(contender, { timeoutMs: TIMEOUT_MS, sizeBytes: 600 * 1024 })
      peer.readMs = 20
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'accepted' })
      expect(sent.serviceUs / 1000).toBeGreaterThan(TIMEOUT_MS)
      checkBooks(sent)
    })
  }

  test('a name is looked up once for each new connection, and that is lookup time alone', async () => {
    const LOOKUP_MS = 60
    const { lookup, answered } = resolver(['127.0.0.1'], LOOKUP_MS)
    const { peer, client, sender } = await meet(contender, { host: 'peer.test', cold: true, lookup })
    const others: number[] = []
    for (let count = 1; count <= 4; count++) {
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'accepted', reused: false, connection: count })
      expect(sent.phases.dns).toBe(0)
      expect(sent.phaseMs.dns).toBeGreaterThan(LOOKUP_MS * 0.9)
      others.push(sent.waitUs / 1000 - (sent.phaseMs.dns ?? 0))
      checkBooks(sent)
    }
    expect(Math.min(...others)).toBeLessThan(LOOKUP_MS)
    expect([answered(), peer.accepted, client.stats.opened]).toEqual([4, 4, 4])
  })

  test('a name that is not found fails in phase dns, and the next send asks again', async () => {
    const found = resolver(['127.0.0.1'])
    let asked = 0
    const lookup: Lookup = (...args) => (++asked === 1 ? failing('ENOTFOUND') : found.lookup)(...args)
    const { sender } = await meet(contender, { host: 'peer.test', lookup })
    const sent = await sender.send()
    expect(sent).toMatchObject({
      outcome: 'failed',
      code: 'ENOTFOUND',
      phase: 'dns',
      turns: 0,
      connection: 0
    })
    expect(sent.sample).toBe('getaddrinfo ENOTFOUND peer.test; no such host: check its name')
    expect(sent.phases).toEqual({ dns: 0 })
    checkBooks(sent)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', seq: 1 })
  })

  test('a shortage of this machine says what to set', async () => {
    const { sender } = await meet(contender, { host: 'peer.test', lookup: failing('EMFILE') })
    const sent = await sender.send()
    expect(sent).toMatchObject({ outcome: 'failed', code: 'EMFILE', phase: 'dns', connection: 0 })
    expect(sent.sample).toContain('ulimit -n')
  })

  test('of two addresses one is dead: the other is taken, at once when the first refuses', async () => {
    const { lookup } = resolver(['127.0.0.2', '127.0.0.1'])
    const { client, sender } = await meet(contender, { host: 'peer.test', cold: true, lookup })
    const tookMs: number[] = []
    for (let count = 1; count <= 4; count++) {
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'accepted', connection: count })
      expect(sent.phases.tcp).toBe(1)
      tookMs.push(sent.phaseMs.tcp ?? Infinity)
    }
    // A busy machine only ever adds time.
    expect(Math.min(...tookMs)).toBeLessThan(ATTEMPT_DELAY_MS)
    await until('all to be closed', () => client.stats.open === 0)
    expect(client.stats.opened).toBe(4)
  })

  test('of two addresses one is dead: the other is taken, after the attempt delay when the first says nothing', async () => {
    const { lookup } = resolver(['127.0.0.2', '127.0.0.1'])
    const { peer, client, sender } = await meet(contender, { host: 'peer.test', lookup })
    const hole = await openBlackHole('127.0.0.2', peer.port)
    closers.push(() => hole[Symbol.asyncDispose]())
    const sent = await sender.send()
    expect(sent).toMatchObject({ outcome: 'accepted', connection: 1 })
    expect(sent.phases.tcp).toBe(1)
    expect(sent.phaseMs.tcp).toBeGreaterThanOrEqual(ATTEMPT_DELAY_MS - 1)
    // The round trip is that of the attempt which came through, and which began when the delay was over.
    expect(client.stats.leastConnectUs / 1000).toBeLessThanOrEqual(
      (sent.phaseMs.tcp ?? 0) - ATTEMPT_DELAY_MS + 1
    )
    expect(client.stats).toMatchObject({ opened: 1, open: 1 })
    checkBooks(sent)
  })

  test('all addresses dead: refused, in phase tcp', async () => {
    const peer = await contender.startPeer()
    await peer[Symbol.asyncDispose]()
    const { lookup } = resolver(['127.0.0.2', '127.0.0.1'])
    const { sender } = await openTo(contender, peer, { host: 'peer.test', lookup })
    const sent = await sender.send()
    expect(sent).toMatchObject({ outcome: 'failed', code: 'ECONNREFUSED', phase: 'tcp', connection: 0 })
    expect(sent.sample).toContain('nothing listens there')
    expect(sent.phases).toEqual({ dns: 0, tcp: 1 })
    checkBooks(sent)
  })

  describe('given a peer that takes its time with each step', () => {
    const STEP_MS = 600
    /** Less than the three steps of an answer over HTTP, and far more than one of them. */
    const PATIENCE_MS = 1700

    test('is patient: the time limit is for each wait', async () => {
      const { peer, sender } = await meet(contender, { timeoutMs: PATIENCE_MS })
      peer.stepMs = STEP_MS
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'accepted' })
      expect(sent.serviceUs / 1000).toBeGreaterThan(PATIENCE_MS)
      checkBooks(sent)
    })

    test('ends the send where the plan limits it as a whole', async () => {
      const { peer, client, sender } = await meet(contender, {
        sendTimeoutMs: 900
      })
      peer.stepMs = STEP_MS
      const sent = await sender.send()
      expect(sent).toMatchObject({ outcome: 'failed', code: 'TIMEOUT' })
      expect(sent.sample).toMatch(/^not done within 0\.9 s \(sendTimeoutSeconds\): in phase /)
      checkBooks(sent)
      peer.stepMs = 0
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', seq: 1 })
      expect(client.stats.open).toBe(1)
    })
  })
}
