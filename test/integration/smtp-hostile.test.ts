import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import {
  MISDEEDS,
  dripping,
  goAway,
  misbehaveAt,
  reset,
  silence,
  splitAt,
  STEPS,
  twice,
  type Misdeed
} from '../support/hostile-smtp.ts'
import { selfSigned, signedByOwnAuthority, type TestCertificate } from '../support/smtp-certificates.ts'
import { startRawServer, type RawServer, type RawServerOptions } from '../support/smtp-raw-server.ts'
import { openSender, type Sender, sendInRow, type Sent } from '../support/sends.ts'
import { AUTH, smtpClient, TEST_PASSWORD, type SmtpSetup } from '../support/smtp-sending.ts'
import { until } from '../support/until.ts'

/** How long a peer that says nothing is waited for. */
const TIMEOUT_MS = 1500
/** Of any other peer no limit may have a part in how a send ends. */
const PATIENT_MS = 30_000
/** What ends by itself does so at once, but for what a busy machine adds. */
const PROMPT_MS = 10_000
const CAPABILITIES = ['AUTH PLAIN', 'STARTTLS']
const auth = { ...AUTH, method: 'plain' } as const

let server: RawServer | null = null
let client: Client | null = null
const strays: (() => Promise<unknown>)[] = []
let certificate: TestCertificate

beforeAll(async () => {
  certificate = await selfSigned()
})

afterEach(async () => {
  await client?.close(100)
  await server?.close()
  for (const stray of strays.splice(0)) await stray()
  client = server = null
})

interface Setting {
  server?: RawServerOptions
  client?: Partial<SmtpSetup>
}

/** Starts both sides. */
async function meet(setting: Setting): Promise<Sender> {
  server = await startRawServer({ capabilities: CAPABILITIES, certificate, ...setting.server })
  client = await smtpClient({
    port: server.port,
    timeoutMs: PATIENT_MS,
    caPem: certificate.cert,
    ...setting.client
  })
  return openSender(client)
}

/** Sends, in time, and then once more over the same lane, which must find an ordinary server and succeed. */
async function sendThenRecover(lane: Sender, limitMs: number): Promise<Sent> {
  const startedMs = performance.now()
  const first = await lane.send()
  expect(performance.now() - startedMs).toBeLessThan(limitMs)
  expect(first.waitUs).toBeLessThanOrEqual(first.serviceUs + 1)
  const second = await lane.send()
  expect(`${second.outcome} ${second.sample}`.trim()).toBe('accepted')
  expect(lane.unexpected).toBe(0)
  await client?.close(1000)
  await until('all sockets closed', () => server?.openSockets === 0)
  expect(client?.stats.open).toBe(0)
  return first
}

describe('at every step of a conversation', () => {
  for (const { name, misdeed, outcome, code, except = [] } of MISDEEDS) {
    for (const [stepName, step] of Object.entries(STEPS)) {
      if (except.includes(stepName)) continue
      test(`${name} at ${stepName}`, async () => {
        const lane = await meet({
          server: { answer: misbehaveAt(step, misdeed) },
          client: {
            transport: { auth, messagesPerConnection: 1 },
            ...(misdeed === silence ? { timeoutMs: TIMEOUT_MS } : {})
          }
        })
        // What ends by itself ends before any limit.
        const result = await sendThenRecover(lane, misdeed === silence ? TIMEOUT_MS * 4 : PROMPT_MS)
        expect(result.outcome).toBe(outcome)
        expect(result.code).toMatch(code)
        // A reset may overtake the news that the connection is open.
        const phases = name === 'reset' && stepName === 'connecting' ? ['tcp', 'greeting'] : [step.phase]
        expect(phases).toContain(result.phase)
        expect(result.sample).not.toContain(TEST_PASSWORD)
        // eslint-disable-next-line no-control-regex -- that none is left is the point
        expect(result.sample).not.toMatch(/[\x00-\x1f]/)
        expect(result.throttled).toBe(/^4[25]/.test(result.code))
        expect(result.retryAfterSeconds).toBe(name === '421' ? 120 : 0)
      })
    }
  }
})

describe('in a pipelined group', () => {
  const pipelined = { capabilities: ['PIPELINING'] }
  const rows: {
    name: string
    step: keyof typeof STEPS
    misdeed: Misdeed
    outcome: string
    code: string
    phase: string
  }[] = [
    {
      name: 'silence at RCPT',
      step: 'RCPT',
      misdeed: silence,
      outcome: 'failed',
      code: 'TIMEOUT',
      phase: 'envelope'
    },
    {
      name: 'reset at DATA',
      step: 'DATA',
      misdeed: reset,
      outcome: 'failed',
      code: 'ECONNRESET',
      phase: 'envelope'
    },
    {
      name: 'MAIL refused',
      step: 'MAIL',
      misdeed: () => '550 5.1.0 No\r\n',
      outcome: 'rejected',
      code: '550 5.1.0',
      phase: 'mail'
    },
    {
      name: 'RCPT refused',
      step: 'RCPT',
      misdeed: () => '452 4.5.3 Later\r\n',
      outcome: 'rejected',
      code: '452 4.5.3',
      phase: 'rcpt'
    },
    {
      name: 'DATA refused',
      step: 'DATA',
      misdeed: () => '451 4.3.0 No\r\n',
      outcome: 'rejected',
      code: '451 4.3.0',
      phase: 'data'
    },
    {
      name: '421 at RCPT',
      step: 'RCPT',
      misdeed: goAway,
      outcome: 'rejected',
      code: '421 4.3.2',
      phase: 'rcpt'
    },
    {
      name: 'an extra reply behind DATA',
      step: 'DATA',
      misdeed: () => '354 Go\r\n250 Ok\r\n',
      outcome: 'failed',
      code: 'PROTOCOL',
      phase: 'envelope'
    }
  ]
  test.each(rows)('$name', async ({ step, misdeed, outcome, code, phase }) => {
    const lane = await meet({
      server: { ...pipelined, answer: misbehaveAt(STEPS[step]!, misdeed) },
      client: misdeed === silence ? { timeoutMs: TIMEOUT_MS } : {}
    })
    // The first session misbehaves once and then goes on like any other.
    const result = await lane.send()
    expect([result.outcome, result.code, result.phase]).toEqual([outcome, code, phase])
    expect(lane.unexpected).toBe(0)
  })

  test('354 although every recipient was refused: an empty content ends it, and the connection lives on', async () => {
    let refusals = 0
    const answer = (command: string): string | undefined => {
      if (command.startsWith('RCPT') && refusals++ === 0) return '550 5.1.1 Unknown\r\n'
      if (command === 'DATA' && refusals === 1) return '354 Go on\r\n'
      return undefined
    }
    const lane = await meet({ server: { ...pipelined, answer } })
    const refused = await lane.send()
    expect([refused.outcome, refused.code, refused.phase]).toEqual(['rejected', '550 5.1.1', 'rcpt'])
    const next = await lane.send()
    expect([next.outcome, next.reused]).toEqual(['accepted', true])
  })

  test('354 although every recipient was refused: a connection for one message carries no second one', async () => {
    const answer = (command: string, { number }: { number: number }): string | undefined => {
      if (number > 1) return undefined
      if (command.startsWith('RCPT')) return '550 5.1.1 Unknown\r\n'
      return command === 'DATA' ? '354 Go on\r\n' : undefined
    }
    const transport = { messagesPerConnection: 1 }
    const lane = await meet({ server: { ...pipelined, answer }, client: { transport } })
    expect((await lane.send()).outcome).toBe('rejected')
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false })
  })

  test('a refused RSET: the next send does not meet the transaction that is still open', async () => {
    const answer = (command: string, { number }: { number: number }): string | undefined => {
      if (number > 1) return undefined
      if (command.startsWith('RCPT')) return '550 5.1.1 Unknown\r\n'
      return command === 'RSET' ? '502 5.5.1 Not here\r\n' : undefined
    }
    const lane = await meet({ server: { ...pipelined, answer } })
    expect((await lane.send()).outcome).toBe('rejected')
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false })
  })

  test('a refused transaction is reset outside of every send, and the connection lives on', async () => {
    let count = 0
    const answer = (command: string): string | undefined =>
      command.startsWith('RCPT') && count++ === 0 ? '550 5.1.1 Unknown\r\n' : undefined
    const lane = await meet({ server: { ...pipelined, answer } })
    const refused = await lane.send()
    const next = await lane.send()
    expect([refused.outcome, next.outcome, next.reused, next.turns]).toEqual([
      'rejected',
      'accepted',
      true,
      2
    ])
    expect(server?.lines).toContain('RSET')
    expect(client?.stats.opened).toBe(1)
  })

  test('some recipients refused: accepted for the others, and the refusal is told', async () => {
    const answer = (command: string): string | undefined =>
      command.includes('nobody') ? '550 5.1.1 Unknown\r\n' : undefined
    const message = { to: ['a@example.com', 'nobody@example.com', 'b@example.com'] }
    const lane = await meet({ server: { ...pipelined, answer }, client: { message } })
    const result = await lane.send()
    expect(result.outcome).toBe('accepted')
    expect(result.recipientsRefused).toBe(1)
    expect([result.code, result.phase, result.sample]).toEqual(['550 5.1.1', 'rcpt', '550 5.1.1 Unknown'])
  })
})

describe('replies cut and joined', () => {
  test('one byte at a time', async () => {
    const lane = await meet({
      server: { write: dripping },
      client: { transport: { auth, security: 'starttls' } }
    })
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', turns: 11 })
  })

  test('split at every byte', async () => {
    for (let position = 1; position <= 40; position++) {
      const lane = await meet({
        server: { write: splitAt(position), capabilities: ['PIPELINING', 'SIZE 1000', 'AUTH PLAIN'] },
        client: { transport: { auth } }
      })
      const results = [await lane.send(), await lane.send()]
      expect(results.map(({ outcome, turns }) => [outcome, turns])).toEqual([
        ['accepted', 6],
        ['accepted', 2]
      ])
      await client?.close(100)
      await server?.close()
    }
  })
})

describe('a kept connection', () => {
  const idleDeeds: { name: string; deed: (socket: Socket) => void; byPeer: number }[] = [
    { name: 'closed by the server', deed: (socket) => socket.end(), byPeer: 1 },
    { name: 'reset by the server', deed: (socket) => socket.resetAndDestroy(), byPeer: 1 },
    {
      name: '421 without being asked',
      deed: (socket) => socket.write('421 4.4.2 Idle too long\r\n'),
      byPeer: 1
    },
    { name: 'an extra reply', deed: (socket) => socket.write('250 2.0.0 Ok\r\n'), byPeer: 0 },
    { name: 'half a reply', deed: (socket) => socket.write('25'), byPeer: 0 }
  ]
  test.each(idleDeeds)(
    '$name between two sends: noticed, and the next send connects anew',
    async ({ deed, byPeer }) => {
      const lane = await meet({})
      expect((await lane.send()).outcome).toBe('accepted')
      const session = server?.sessions[0]
      if (session === undefined) throw new Error('no session')
      deed(session.socket)
      await until('the connection dropped', () => client?.stats.open === 0)
      expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false, turns: 7 })
      expect(client?.stats).toMatchObject({ opened: 2, reused: 0, closedByPeer: byPeer })
    }
  )

  test('two replies for one content: accepted, and the connection is not trusted again', async () => {
    const lane = await meet({ server: { answer: misbehaveAt(STEPS.content!, twice) } })
    expect((await lane.send()).outcome).toBe('accepted')
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false })
  })

  test('a server that restarts: the next send finds the new one', async () => {
    const lane = await meet({})
    expect((await lane.send()).outcome).toBe('accepted')
    const port = server?.port ?? 0
    await server?.close()
    await until('the connection dropped', () => client?.stats.open === 0)
    expect(await lane.send()).toMatchObject({ outcome: 'failed', code: 'ECONNREFUSED', phase: 'tcp' })
    server = await startRawServer({}, port)
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false })
  })

  test('MAILMAX of LIMITS is kept to', async () => {
    const lane = await meet({ server: { capabilities: ['LIMITS MAILMAX=2'] } })
    const reused = []
    for (let count = 0; count < 4; count++) reused.push((await lane.send()).reused)
    expect(reused).toEqual([false, true, false, true])
    await until('both QUITs', () => server?.lines.filter((line) => line === 'QUIT').length === 2)
  })
})

describe('overlap', () => {
  const overlap = { server: { capabilities: ['PIPELINING'] }, client: { transport: { overlap: true } } }

  test('a next send that comes late finds its envelope answered', async () => {
    const lane = await meet(overlap)
    const first = await lane.send({ followed: true })
    await until('the second envelope', () => server?.lines.filter((line) => line === 'DATA').length === 2)
    const second = await lane.send()
    expect([first.outcome, second.outcome, second.turns]).toEqual(['accepted', 'accepted', 1])
  })

  test('a refused second envelope refuses the second send alone', async () => {
    let mails = 0
    const answer = (command: string): string | undefined =>
      command.startsWith('RCPT') && ++mails === 2 ? '550 5.1.1 Unknown\r\n' : undefined
    const lane = await meet({ ...overlap, server: { ...overlap.server, answer } })
    const results = [
      await lane.send({ followed: true }),
      await lane.send({ followed: true }),
      await lane.send()
    ]
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'rejected', 'accepted'])
    expect(server?.messages).toHaveLength(2)
  })

  test('a refusal that is heard together with the end of the send before takes no less than no time', async () => {
    let mails = 0
    const answer = (command: string): string | undefined =>
      command.startsWith('MAIL') && ++mails % 2 === 0 ? '451 4.3.0 Later\r\n' : undefined
    await meet({ ...overlap, server: { ...overlap.server, answer } })
    const results = client === null ? [] : await sendInRow(client, 10)
    expect(results.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(5)
    for (const { serviceUs, waitUs } of results) expect(serviceUs).toBeGreaterThanOrEqual(waitUs)
  })

  test('an envelope that is never followed up is dropped with its connection', async () => {
    const lane = await meet(overlap)
    await lane.send({ followed: true })
    lane.abort()
    expect(lane.unexpected).toBe(0)
    await until('all sockets closed', () => server?.openSockets === 0)
  })
})

describe('TLS', () => {
  test('plaintext behind the answer to STARTTLS is taken for an attack', async () => {
    const answer = (command: string): string | undefined =>
      command === 'STARTTLS' ? '220 Ready\r\n250 injected\r\n' : undefined
    const lane = await meet({ server: { answer }, client: { transport: { security: 'starttls' } } })
    expect(await lane.send()).toMatchObject({
      outcome: 'failed',
      code: 'STARTTLS_INJECTION',
      phase: 'starttls'
    })
  })

  test('plaintext in a packet of its own behind the answer to STARTTLS never becomes a reply', async () => {
    const answer = (command: string, { socket }: { socket: Socket }): string | null | undefined => {
      if (command !== 'STARTTLS') return undefined
      socket.write('220 Ready\r\n')
      // The client has read the answer when it speaks TLS: both together would be one packet.
      socket.once('data', () => socket.write('250 injected\r\n'))
      return null
    }
    const lane = await meet({ server: { answer }, client: { transport: { security: 'starttls' } } })
    expect(await lane.send()).toMatchObject({ outcome: 'failed', phase: 'tls' })
  })

  test('TLS at once on a port that begins without it: the failure says what to set', async () => {
    const lane = await meet({ client: { transport: { security: 'tls' } } })
    const result = await lane.send()
    expect(result).toMatchObject({ outcome: 'failed', code: 'ERR_SSL_WRONG_VERSION_NUMBER', phase: 'tls' })
    expect(result.sample).toMatch(/^TLS failed \(wrong version number\): .*"starttls"/)
  })

  test('no TLS on a port that begins with it: the failure says what to set', async () => {
    const lane = await meet({ server: { implicitTls: true }, client: { timeoutMs: TIMEOUT_MS } })
    const result = await lane.send()
    expect(result).toMatchObject({ outcome: 'failed', code: 'TIMEOUT', phase: 'greeting' })
    expect(result.sample).toContain('"security": "tls"')
  })

  test('STARTTLS that is not offered is not gone without', async () => {
    const lane = await meet({ server: { capabilities: [] }, client: { transport: { security: 'starttls' } } })
    expect(await lane.send()).toMatchObject({
      outcome: 'failed',
      code: 'STARTTLS_NOT_OFFERED',
      phase: 'starttls'
    })
    await expect(client?.preflight()).rejects.toMatchObject({
      code: 'STARTTLS_NOT_OFFERED',
      phase: 'starttls'
    })
  })

  test.each(['tls', 'starttls'] as const)('a handshake that never ends (%s) times out', async (security) => {
    const sockets = new Set<Socket>()
    const mute = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      if (security === 'tls') return
      socket.write('220 hi\r\n')
      socket.once('data', () => {
        socket.write('250 STARTTLS\r\n'.replace('250 ', '250-hi\r\n250 '))
        socket.once('data', () => socket.write('220 go\r\n'))
      })
    })
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    strays.push(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => mute.close(resolve))
    })
    client = await smtpClient({
      port: (mute.address() as AddressInfo).port,
      timeoutMs: TIMEOUT_MS,
      transport: { security }
    })
    expect(await openSender(client).send()).toMatchObject({
      outcome: 'failed',
      code: 'TIMEOUT',
      phase: 'tls'
    })
  })

  const certificates: {
    name: string
    make: () => Promise<TestCertificate & { ca?: string }>
    trust: 'own' | 'none'
    code: RegExp
  }[] = [
    { name: 'self-signed', make: () => selfSigned(), trust: 'none', code: /^DEPTH_ZERO_SELF_SIGNED_CERT$/ },
    {
      name: 'expired',
      make: () => selfSigned({ fromDays: -30, toDays: -1 }),
      trust: 'own',
      code: /^CERT_HAS_EXPIRED$/
    },
    {
      name: 'not valid yet',
      make: () => selfSigned({ fromDays: 10 }),
      trust: 'own',
      code: /^CERT_NOT_YET_VALID$/
    },
    {
      name: 'for another name',
      make: () => selfSigned({ name: 'other.example' }),
      trust: 'own',
      code: /^ERR_TLS_CERT_ALTNAME_INVALID$/
    },
    {
      name: 'of an unknown authority',
      make: signedByOwnAuthority,
      trust: 'none',
      code: /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/
    }
  ]
  for (const security of ['tls', 'starttls'] as const) {
    test.each(certificates)(`a certificate that is $name (${security})`, async ({ make, trust, code }) => {
      const made = await make()
      const lane = await meet({
        server: { certificate: made, implicitTls: security === 'tls' },
        client: {
          transport: { security },
          ...(trust === 'own' ? { caPem: made.cert } : { caPem: certificate.cert })
        }
      })
      const result = await lane.send()
      expect(result).toMatchObject({ outcome: 'failed', phase: 'tls' })
      expect(result.code).toMatch(code)
      expect(result.sample).toMatch(/tls\.(?:caFile|serverName)|needs a new one|check the clocks/)
      await expect(client?.preflight()).rejects.toMatchObject({ phase: 'tls', code: result.code })
    })
  }

  test('a certificate of an authority that the plan names is trusted', async () => {
    const made = await signedByOwnAuthority()
    const lane = await meet({
      server: { certificate: made },
      client: { transport: { security: 'starttls' }, caPem: made.ca }
    })
    expect((await lane.send()).outcome).toBe('accepted')
    expect(client?.observed?.tls?.verified).toBe(true)
  })

  test('verify: false goes on with a bad certificate and says so', async () => {
    const lane = await meet({
      server: { certificate: await selfSigned({ name: 'other.example' }) },
      client: { transport: { security: 'starttls', tls: { verify: false } } }
    })
    expect((await lane.send()).outcome).toBe('accepted')
    expect(client?.observed?.tls?.verified).toBe(false)
  })
})

describe('large contents', () => {
  const message = { attachments: [{ filename: 'large.bin', sizeBytes: 6_000_000 }] }

  test('a server that reads slowly gets all of it, also when that takes longer than one timeout', async () => {
    const slowly = (command: string, { socket }: { socket: Socket }): undefined => {
      if (command !== 'DATA') return
      const throttle = setInterval(() => {
        socket.pause()
        setTimeout(() => socket.resume(), 25)
      }, 30)
      socket.on('close', () => clearInterval(throttle))
    }
    const lane = await meet({ server: { answer: slowly }, client: { message, timeoutMs: 5000 } })
    const result = await lane.send()
    expect(`${result.outcome} ${result.sample}`.trim()).toBe('accepted')
    expect(server?.messages[0]?.content.length).toBeGreaterThan(8_000_000)
  })

  test('a server that stops reading in the middle times out in phase content', async () => {
    const stops = (command: string, { socket }: { socket: Socket }): undefined => {
      if (command === 'DATA') setImmediate(() => socket.pause())
    }
    const lane = await meet({ server: { answer: stops }, client: { message, timeoutMs: TIMEOUT_MS } })
    expect(await lane.send()).toMatchObject({ outcome: 'failed', code: 'TIMEOUT', phase: 'content' })
  })

  test('a content that is accepted before it was sent is not accepted', async () => {
    const answer = (command: string, { socket }: { socket: Socket }): undefined => {
      if (command !== 'DATA') return
      socket.once('data', () => {
        socket.pause()
        socket.write('250 2.0.0 Queued\r\n')
      })
    }
    const attachments = [{ filename: 'large.bin', sizeBytes: 20_000_000 }]
    const lane = await meet({ server: { answer }, client: { message: { attachments } } })
    expect(await lane.send()).toMatchObject({ outcome: 'failed', code: 'PROTOCOL', phase: 'content' })
    await until('the connection dropped', () => client?.stats.open === 0)
  })

  test('a refusal in the middle of the content ends the send and the connection', async () => {
    let seen = 0
    const lane = await meet({
      server: {
        answer: (command, { socket }) => {
          if (command !== 'DATA' || seen++ > 0) return undefined
          socket.once('data', () => {
            socket.pause()
            socket.write('552 5.3.4 Too much\r\n')
          })
          return undefined
        }
      },
      client: { message }
    })
    expect(await lane.send()).toMatchObject({ outcome: 'rejected', code: '552 5.3.4', phase: 'content' })
    expect(await lane.send()).toMatchObject({ outcome: 'accepted', reused: false })
  })
})

test('abort cuts a send in flight, once, and leaves nothing open', async () => {
  const lane = await meet({ server: { answer: misbehaveAt(STEPS.content!, silence) } })
  const result = lane.send()
  await until('the content', () => server?.lines.includes('DATA') === true)
  lane.abort()
  expect(await result).toMatchObject({ outcome: 'aborted' })
  expect(lane.unexpected).toBe(0)
  await until('all sockets closed', () => server?.openSockets === 0)
})

test('a name that does not exist says so', async () => {
  client = await smtpClient({ port: 25, connectHost: 'no-such-host.invalid', timeoutMs: PATIENT_MS })
  const result = await openSender(client).send()
  expect(result).toMatchObject({ outcome: 'failed', phase: 'dns', turns: 0 })
  expect(result.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
})

test('a server that repeats the credentials does not bring them into a sample or a transcript', async () => {
  const texts: string[] = []
  const echo = (command: string): string | undefined =>
    command.startsWith('AUTH') ? `535 5.7.8 no such login: ${command} (${TEST_PASSWORD})\r\n` : undefined
  const lane = await meet({
    server: { answer: echo },
    client: {
      transport: { auth },
      trace: (event) => {
        if ('text' in event) texts.push(event.text)
      }
    }
  })
  const result = await lane.send()
  expect(result).toMatchObject({ outcome: 'rejected', code: '535 5.7.8', phase: 'auth' })
  const said = [...texts, result.sample].join('\n')
  expect(said).toContain('AUTH PLAIN ***')
  expect(said).not.toContain(TEST_PASSWORD)
  expect(said).not.toContain(Buffer.from(`\0tester\0${TEST_PASSWORD}`).toString('base64'))
})
