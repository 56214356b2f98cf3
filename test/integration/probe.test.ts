import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openSocket } from '../../electron/probe/open-socket.ts'
import { probe, type ProbeOptions } from '../../electron/probe/probe.ts'
import { SmtpTalk } from '../../electron/probe/smtp-talk.ts'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import { probeRecordJsonSchema, type ProbePort, type ProbeRecord } from '../../shared/record/probe-record.ts'
import { block } from '../support/block.ts'
import { certificateFor, ProbeServers } from '../support/probe-servers.ts'
import { until } from '../support/until.ts'

const TIMEOUT_MS = 2000
const servers = new ProbeServers()
afterEach(() => servers.close())

let validate: ValidateFunction
let good: { key: string; cert: string }
beforeAll(async () => {
  validate = new Ajv2020().compile(probeRecordJsonSchema() as object)
  good = await certificateFor(300)
})

async function look(options: Partial<ProbeOptions>): Promise<ProbeRecord> {
  const record = await probe({ host: '127.0.0.1', timeoutMs: TIMEOUT_MS, ...options })
  const isValid = validate(JSON.parse(JSON.stringify(record)))
  expect([isValid, validate.errors]).toEqual([true, null])
  return record
}

async function lookAt(port: number, options: Partial<ProbeOptions> = {}): Promise<ProbePort> {
  const { ports } = await look({ ports: [port], ...options })
  const [found] = ports
  if (found === undefined) throw new Error('no finding')
  return found
}

describe('ports are told apart', () => {
  test('refused: nobody listens', async () => {
    const found = await lookAt(await servers.refused())
    expect(found).toMatchObject({ state: 'refused', rttMs: null })
  })

  test('filtered: packets get no answer', async () => {
    const found = await lookAt(await servers.filtered())
    expect(found).toMatchObject({ state: 'filtered', rttMs: null })
    expect(found.warnings).toEqual([`did not answer within ${TIMEOUT_MS} ms`])
  })

  test('filtered: the connection opens, but nothing is ever said', async () => {
    expect(await lookAt(await servers.tcp(() => undefined))).toMatchObject({ state: 'filtered' })
  })

  test('unresolved: the name has no address', async () => {
    const record = await look({ host: 'no-such-host.invalid', ports: [25, 587] })
    expect(record.ports.map(({ state }) => state)).toEqual(['unresolved', 'unresolved'])
    expect(record.recommendation).toMatchObject({ port: null, security: null })
  })

  test('other: another protocol greets', async () => {
    const port = await servers.tcp((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'))
    const found = await lookAt(port)
    expect(found).toMatchObject({ state: 'other', banner: null, turns: null })
    expect(found.transcript).toEqual(['S: SSH-2.0-OpenSSH_9.9 '])
  })

  test('other: an HTTP server, which waits to be spoken to', async () => {
    const server = createHttpServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    expect(await lookAt((server.address() as AddressInfo).port)).toMatchObject({ state: 'other' })
    server.close()
  })

  test('other: the server hangs up without a word', async () => {
    expect(await lookAt(await servers.tcp((socket) => socket.end()))).toMatchObject({ state: 'other' })
    expect(await lookAt(await servers.tcp((socket) => socket.resetAndDestroy()))).toMatchObject({
      state: 'other'
    })
  })

  test('TLS-less: no STARTTLS, and AUTH that would cross the network in the clear', async () => {
    const port = await servers.smtp({ hideSTARTTLS: true, allowInsecureAuth: true, authMethods: ['PLAIN'] })
    const record = await look({ ports: [port] })
    const [found] = record.ports
    expect(found).toMatchObject({ state: 'smtp', starttls: false, tls: null, auth: ['PLAIN'] })
    expect(found?.warnings).toEqual([
      'AUTH is offered without TLS: a password could cross the network in the clear',
      'no STARTTLS: everything crosses the network in the clear'
    ])
    // 25-like opening (3), AUTH (1), pipelined envelope (2).
    expect(found?.turns).toEqual({ cold: 6, warm: 2 })
    expect(record.recommendation).toMatchObject({ port, security: 'none' })
    expect(record.recommendation.reason).toContain('no TLS')
  })

  test('an expired certificate, even of a trusted issuer', async () => {
    const expired = await certificateFor(-3)
    const port = await servers.smtp({ ...expired })
    const { tls, warnings } = await lookAt(port, { caPem: expired.cert })
    expect(tls).toMatchObject({ verified: false, subject: 'probe test', issuer: 'probe test' })
    expect(tls?.problem).toMatch(/^it expired on \d{4}-\d\d-\d\d$/)
    expect(Date.parse(tls?.expires ?? '')).toBeLessThan(Date.now())
    expect(warnings.join()).toContain('the certificate does not verify: it expired on')
  })

  test('a certificate for another name', async () => {
    const other = await certificateFor(300, 'mail.example.com')
    const found = await lookAt(await servers.smtp({ ...other }), { host: 'localhost', caPem: other.cert })
    expect(found.tls?.problem).toBe('it is for DNS:mail.example.com and not for localhost')
  })

  test('a certificate of an issuer that is not trusted', async () => {
    const found = await lookAt(await servers.smtp({ ...good }))
    expect(found.tls?.problem).toMatch(/^it is signed by itself/)
    const trusted = await lookAt(await servers.smtp({ ...good }), { caPem: good.cert })
    expect(trusted.tls).toMatchObject({ verified: true, problem: null })
  })

  test('a certificate that is about to expire', async () => {
    const soon = await certificateFor(5)
    const found = await lookAt(await servers.smtp({ ...soon }), { caPem: soon.cert })
    expect(found.tls?.verified).toBe(true)
    expect(found.warnings.join()).toContain('the certificate expires in 5 days')
  })

  test('an old TLS version', async () => {
    const options = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const found = await lookAt(await servers.smtp({ ...good, ...options }), { caPem: good.cert })
    expect(found.tls?.version).toBe('TLSv1.1')
    expect(found.warnings.join()).toContain('TLSv1.1 is out of use')
  })
})

describe('the sandbox', () => {
  test('shows what each port offers, and the turns of a send there', async () => {
    const sandbox = await startSandbox()
    const caPem = readFileSync(sandbox.caFile, 'utf8')
    const heard: number[] = []
    const record = await look({
      ports: [sandbox.smtpPort, sandbox.smtpsPort],
      apiUrl: sandbox.apiTlsUrl,
      caPem,
      onPort: ({ port }) => heard.push(port)
    })
    await sandbox.stop()
    const [starttls, implicit, api] = record.ports
    expect(starttls).toMatchObject({ state: 'smtp', starttls: true, turns: { cold: 9, warm: 2 } })
    expect(starttls?.capabilities).toEqual(expect.arrayContaining(['PIPELINING', 'CHUNKING', 'STARTTLS']))
    expect(starttls?.capabilitiesAfterTls).not.toContain('STARTTLS')
    expect(starttls?.auth).toEqual(['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'])
    expect(starttls?.tls).toMatchObject({ version: 'TLSv1.3', verified: true, problem: null })
    expect(implicit).toMatchObject({ state: 'tls-smtp', turns: { cold: 7, warm: 2 } })
    expect(api).toMatchObject({ state: 'http', alpn: 'h2', turns: { cold: 3, warm: 1 } })
    for (const { rttMs, warnings } of record.ports) {
      expect(rttMs).toBeGreaterThan(0)
      expect(warnings).toEqual(warnings.filter((text) => text.includes('expires in')))
    }
    expect(new Set(heard)).toEqual(new Set(record.ports.map(({ port }) => port)))
    expect(heard).toHaveLength(record.ports.length)
    expect(record.recommendation).toMatchObject({ port: sandbox.smtpsPort, security: 'tls' })
    expect(record.recommendation.reason).toContain('RFC 8314')
  })
})

test('nothing is said beyond EHLO, STARTTLS and QUIT', async () => {
  const said: string[] = []
  const port = await servers.smtp({ ...good, authMethods: ['PLAIN'] }, said)
  await lookAt(port)
  await until('the QUIT', () => said.includes('QUIT'))
  expect(new Set(said.map((line) => line.split(' ')[0]))).toEqual(new Set(['EHLO', 'STARTTLS', 'QUIT']))
})

test('a server that knows only HELO is still a mail server', async () => {
  const port = await servers.tcp((socket) => {
    socket.write('220 old\r\n')
    socket.on('data', (bytes: Buffer) =>
      socket.write(bytes.toString().startsWith('HELO') ? '250 hi\r\n' : '500 what?\r\n')
    )
  })
  expect(await lookAt(port)).toMatchObject({
    state: 'smtp',
    banner: 'old',
    capabilities: [],
    turns: { cold: 7, warm: 4 }
  })
})

test('a server that greets with a refusal hears nothing but QUIT, and is not recommended', async () => {
  const heard: string[] = []
  const port = await servers.tcp((socket) => {
    socket.write('554 no service here\r\n')
    socket.on('data', (bytes: Buffer) => heard.push(bytes.toString()))
  })
  const record = await look({ ports: [port] })
  expect(record.ports[0]).toMatchObject({ state: 'smtp', banner: 'no service here', turns: null })
  expect(record.ports[0]?.warnings).toEqual(['the server greets with 554 and takes no mail'])
  expect(record.recommendation).toMatchObject({ port: null, security: null })
  await until('the QUIT', () => heard.length > 0)
  expect(heard).toEqual(['QUIT\r\n'])
})

test('plaintext behind the answer to STARTTLS is warned of', async () => {
  const port = await servers.tcp((socket) => {
    socket.write('220 x\r\n')
    socket.on('data', (bytes: Buffer) => {
      if (bytes.toString().startsWith('EHLO')) socket.write('250-x\r\n250 STARTTLS\r\n')
      else if (bytes.toString().startsWith('STARTTLS')) socket.write('220 go\r\n250 injected\r\n')
    })
  })
  expect((await lookAt(port)).warnings.join()).toContain('injecting')
})

test('a banner cannot steer the terminal', async () => {
  const port = await servers.tcp((socket) => socket.write('220 \x1b[2Jhello\r\n'))
  expect((await lookAt(port)).banner).toBe(' [2Jhello')
})

test('an IPv6 address is the same with brackets and without', async () => {
  const refused = { ports: [await servers.refused()] }
  expect(await look({ ...refused, host: '[::1]' })).toEqual(await look({ ...refused, host: '::1' }))
})

test('many ports take no longer than the slowest', async () => {
  const ports = await Promise.all(Array.from({ length: 5 }, () => servers.tcp(() => undefined)))
  const startedMs = performance.now()
  await look({ ports })
  expect(performance.now() - startedMs).toBeLessThan(2 * TIMEOUT_MS)
})

test('an abort ends it at once', async () => {
  const port = await servers.tcp(() => undefined)
  const abort = new AbortController()
  const pending = probe({ host: '127.0.0.1', ports: [port], timeoutMs: 30_000, signal: abort.signal })
  setTimeout(() => abort.abort(), 100)
  await expect(pending).rejects.toThrow('aborted')
})

describe('a server that greets late, while TLS is tried beside', () => {
  test('is a mail server although it takes one connection at a time', async () => {
    const timeoutMs = 2 * TIMEOUT_MS
    const port = await servers.tcp((socket) => {
      servers.stopListening()
      // TLS is tried when half of the time is over.
      setTimeout(() => socket.write('220 late\r\n'), 0.6 * timeoutMs)
      socket.on('data', () => socket.write('250 here\r\n'))
    })
    expect(await lookAt(port, { timeoutMs })).toMatchObject({ state: 'smtp', banner: 'late' })
  })

  test('leaves nothing behind that fails unheard when the look is given up', async () => {
    const unheard: unknown[] = []
    const onUnheard = (error: unknown): void => {
      unheard.push(error)
    }
    process.on('unhandledRejection', onUnheard)
    const abort = new AbortController()
    const sockets: Socket[] = []
    const port = await servers.tcp((socket) => {
      sockets.push(socket)
      // The second connection waits for TLS.
      if (sockets.length === 2) sockets[0]?.write('220 late\r\n')
      socket.on('data', () => {
        if (socket === sockets[0]) abort.abort()
      })
    })
    const pending = probe({ host: '127.0.0.1', ports: [port], timeoutMs: TIMEOUT_MS, signal: abort.signal })
    await expect(pending).rejects.toThrow('aborted')
    await until('the end of the second connection', () => sockets[1]?.destroyed === true)
    process.off('unhandledRejection', onUnheard)
    expect(unheard).toEqual([])
  })
})

test('an API over plain HTTP is warned of', async () => {
  const server = createHttpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { ports } = await look({
    ports: [await servers.refused()],
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  expect(ports[1]).toMatchObject({ state: 'http', alpn: null, turns: { cold: 2, warm: 1 } })
  expect(ports[1]?.warnings).toEqual(['http without TLS: the key crosses the network in the clear'])
  server.close()
})

describe('what arrived while this thread stood still is no silence', () => {
  const LIMIT_MS = 300
  const signal = AbortSignal.timeout(60_000)
  const open = async (port: number): Promise<Socket> => {
    const addresses = [{ address: '127.0.0.1', family: 4 }]
    const [socket] = await openSocket({ addresses, port }, { timeoutMs: LIMIT_MS, signal })
    return socket
  }
  const standStill = (): void => block(2 * LIMIT_MS)

  test('a connection', async () => {
    const port = await servers.tcp(() => undefined)
    const socket = await new Promise<Socket>((resolve, reject) => {
      setImmediate(() => void open(port).then(resolve, reject))
      // The attempt has begun, and timers are served next.
      setImmediate(standStill)
    })
    socket.destroy()
  })

  test('a reply', async () => {
    const port = await servers.tcp((socket) => {
      socket.write('220 here\r\n')
      setImmediate(() => {
        socket.write('250 there\r\n')
        standStill()
      })
    })
    const talk = new SmtpTalk(await open(port), [], null, LIMIT_MS)
    expect(await talk.hear()).toMatchObject({ code: 220 })
    expect(await talk.hear()).toMatchObject({ code: 250 })
    talk.close()
  })
})

describe('the mail exchangers of a domain', () => {
  test('are looked at on port 25, best first', async () => {
    const dns = await servers.dns([
      [20, 'second.invalid'],
      [10, 'first.invalid']
    ])
    const options = { ports: [await servers.refused()], mxDomain: 'example.com', dnsServers: [dns] }
    const { ports } = await look(options)
    expect(ports.slice(1)).toMatchObject([
      { host: 'first.invalid', port: 25, state: 'unresolved' },
      { host: 'second.invalid', port: 25, state: 'unresolved' }
    ])
  })

  test('without MX the domain is its own', async () => {
    const options = {
      ports: [await servers.refused()],
      mxDomain: 'no-mx.invalid',
      dnsServers: [await servers.dns([])]
    }
    const { ports } = await look(options)
    expect(ports.slice(1)).toMatchObject([{ host: 'no-mx.invalid', port: 25, state: 'unresolved' }])
  })
})
