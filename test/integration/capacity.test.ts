import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startSandbox, type Sandbox, type SandboxOptions } from '../../electron/sandbox/sandbox.ts'
import { capacityRecordSchema, type CapacityTransport } from '../../shared/record/capacity-record.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, temporaryFolder, type CliResult } from '../support/cli.ts'

let sandbox: Sandbox | undefined

afterEach(async () => {
  await sandbox?.stop()
  sandbox = undefined
})

/** A search takes a while; one that a busy machine disturbed in the middle is made once more. */
const SEARCH = { timeout: 240_000, retry: 1 }

type Transports = PlanInput['transports']

const api = ({ apiUrl }: Sandbox): Transports => [
  {
    name: 'api',
    protocol: 'http',
    url: apiUrl,
    domain: 'example.com',
    auth: { user: 'api', password: { env: 'TEST_API_KEY' } }
  }
]
const smtp = ({ smtpPort }: Sandbox): Transports => [
  { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: smtpPort, security: 'none' }
]

async function search(
  behaviour: SandboxOptions,
  transports: (sandbox: Sandbox) => Transports,
  args: string[],
  env: Record<string, string> = {}
): Promise<CliResult & { folder: string }> {
  sandbox = await startSandbox(behaviour)
  const folder = temporaryFolder()
  const plan: PlanInput = {
    schema: 1,
    name: 'how much it takes',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 500 },
    load: { model: 'closed', concurrency: 100, messages: 100 },
    warmupSeconds: 0.5,
    timeoutSeconds: 10,
    transports: transports(sandbox)
  }
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan))
  const all = ['capacity', join(folder, 'plan.json'), '--format', 'json', ...args]
  return { ...(await cli(all, { TEST_API_KEY: sandbox.apiKey, ...env })), folder }
}

function found(result: CliResult): CapacityTransport {
  const record = capacityRecordSchema.parse(JSON.parse(result.stdout))
  const [transport] = record.transports
  if (transport === undefined) throw new Error('no transport')
  return transport
}

describe('chattermark capacity', () => {
  it('finds the rate at which a server saturates: its places by its think time', SEARCH, async () => {
    // 20 places, 200 ms each.
    const folder = temporaryFolder()
    const files = ['--csv', join(folder, 'steps.csv'), '--html', join(folder, 'curve.html')]
    const result = await search({ thinkMs: 200, maxConcurrent: 20 }, api, [
      ...['--slo', 'response.p99 < 2000', '--slo', 'failed == 0'],
      ...['--start-rate', '95', '--max-rate', '125', '--hold', '3', '--confirm', '4'],
      ...['--precision', '16', '--cool-down', '0.2', ...files]
    ])
    expect(result.stderr).toContain('api')
    const transport = found(result)
    expect(transport.rate).toBeGreaterThanOrEqual(95)
    expect(transport.rate).toBeLessThan(105)
    expect(transport.limitedBy).toBe('objective')
    expect(transport.limiter).toBe('queue')
    expect(transport.secondsForAMillion).toBeCloseTo(1_000_000 / transport.rate, 6)
    expect(transport.steps.length).toBeGreaterThan(3)
    const lines = (await readFile(join(folder, 'steps.csv'), 'utf8')).trimEnd().split('\r\n')
    expect(lines).toHaveLength(transport.steps.length + 1)
    expect(await readFile(join(folder, 'curve.html'), 'utf8')).toMatch(/<polyline class="line s0"/)
  })

  it('finds the rate above which a server answers 450, and calls it throttling', SEARCH, async () => {
    const result = await search({ throttleAbovePerSecond: 120 }, smtp, [
      ...['--slo', 'response.p99 < 2000'],
      ...['--start-rate', '112', '--max-rate', '130', '--hold', '2', '--confirm', '3'],
      ...['--precision', '17', '--cool-down', '0.2']
    ])
    const transport = found(result)
    expect(transport.limitedBy).toBe('throttling')
    expect(transport).toMatchObject({ rate: 112, bracket: { kept: 112, failed: 130 } })
    expect(transport.steps.every(({ failed }) => failed === 0)).toBe(true)
  })

  it(
    'counts a 403 after good answers as a rejection of its step, and keeps the steps before',
    SEARCH,
    async () => {
      // As a firewall does: once it was called more than 45 times in a second, it lets nothing in for two.
      const calls: number[] = []
      let barredUntil = 0
      const limited = createServer((request, response) => {
        request.resume().on('end', () => {
          const now = performance.now()
          calls.push(now)
          if (calls.length > 45 && now - (calls.at(-46) ?? 0) < 1000 && now > barredUntil)
            barredUntil = now + 2000
          const isBarred = now < barredUntil
          response.writeHead(isBarred ? 403 : 200, { 'Content-Type': 'application/json' })
          response.end(isBarred ? '{"message":"Forbidden"}' : '{"id":"<1@example.com>","message":"Queued."}')
        })
      }).listen(0, '127.0.0.1')
      await new Promise((resolve) => limited.once('listening', resolve))
      const { port } = limited.address() as AddressInfo
      try {
        const result = await search(
          {},
          (peer) => api(peer).map((transport) => ({ ...transport, url: `http://127.0.0.1:${port}` })),
          [
            ...['--slo', 'rejected == 0', '--start-rate', '20', '--max-rate', '80', '--hold', '1'],
            ...['--confirm', '0', '--cool-down', '0', '--precision', '100', '--budget-minutes', '0.2']
          ]
        )
        const { steps } = found(result)
        expect(result.exitCode).toBe(0)
        expect(steps.some(({ pass }) => pass)).toBe(true)
        const refused = steps.filter(({ rejected }) => rejected > 0)
        expect(refused.length).toBeGreaterThan(0)
        expect(refused.every(({ pass, failedObjective }) => !pass && failedObjective !== null)).toBe(true)
      } finally {
        limited.close()
      }
    }
  )

  it('goes no higher than the ceiling', SEARCH, async () => {
    const result = await search({}, api, [
      ...['--slo', 'failed == 0', '--start-rate', '20', '--max-rate', '30', '--hold', '1', '--confirm', '0']
    ])
    expect(result.exitCode).toBe(0)
    expect(found(result)).toMatchObject({ rate: 30, limitedBy: 'ceiling' })
  })

  it('ends with 1 when a transport keeps less than --require asks for, and names it', SEARCH, async () => {
    const result = await search({}, api, [
      ...['--slo', 'failed == 0', '--start-rate', '20', '--max-rate', '20', '--hold', '1', '--confirm', '0'],
      ...['--require', '25']
    ])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toMatch(/api keeps 20\/s, less than the 25\/s that --require asks for/)
  })

  it('keeps the hard stop towards a remote target', async () => {
    const result = await search(
      {},
      api,
      [
        '--slo',
        'failed == 0',
        '--start-rate',
        '50',
        '--hold',
        '1',
        '--remote',
        '--allow-secrets',
        '--max-messages',
        '120'
      ],
      { CHATTERMARK_REMOTE_HOSTS: '127.0.0.1' }
    )
    expect(result.stderr).toMatch(/hard stop of 120 messages ended the search/)
    expect((await sandbox?.stats())?.apiMessages).toBe(120)
  })

  it.each([
    { title: 'an objective that cannot be read', args: ['--slo', 'p99 under 5'], says: /--slo: cannot read/ },
    { title: 'no objective at all', args: [], says: /--slo/ },
    {
      title: 'a start above the ceiling',
      args: ['--slo', 'failed == 0', '--start-rate', '50', '--max-rate', '20'],
      says: /above --max-rate/
    }
  ])('refuses $title, and sends nothing', async ({ args, says }) => {
    const result = await search({}, api, args)
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toMatch(says)
    expect((await sandbox?.stats())?.apiMessages).toBe(0)
  })
})
