import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, cliAlone, temporaryFolder, type CliResult } from '../support/cli.ts'
import { closeAll, listening } from '../support/otlp-receiver.ts'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')
const idOf = (name: string): unknown => (JSON.parse(read(`${name}/run.json`)) as { id: unknown }).id

const PORT_IS_CLOSED = 'http://127.0.0.1:9'
let api: { server: Server; url: string }
/** How long the server takes for a message. */
let delayMs = 30

/** The nightly job's plan; the server has its address of tonight. */
function planFile(url = api.url, messages = 120): string {
  const plan: PlanInput = {
    schema: 1,
    name: 'nightly',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load: { model: 'closed', concurrency: 4, messages },
    rounds: 6,
    transports: [{ name: 'api', protocol: 'http', provider: 'mailgun', domain: 'example.com', url }],
    assert: ['api.failed == 0']
  }
  const path = at(`plan-${url.length}-${messages}.json`)
  writeFileSync(path, JSON.stringify(plan))
  return path
}

function nightArgs(plan = planFile()): string[] {
  const files = ['--junit', at('run.xml'), '--markdown', at('run.md')]
  return ['run', plan, '--out', at('tonight'), '--force', ...files]
}

function night(plan?: string): Promise<CliResult> {
  return cli(nightArgs(plan))
}

function gate(): Promise<CliResult> {
  const files = ['--junit', at('gate.xml'), '--markdown', at('gate.md')]
  // Above what a busy machine adds by itself, below what the slow night has.
  return cli(['compare', at('baseline'), at('tonight'), '--max-regression', 'response.p50=30%', ...files])
}

describe('a nightly job', () => {
  let baseline: unknown
  beforeAll(async () => {
    const server = createServer((request, response) => {
      request
        .resume()
        .on('end', () =>
          setTimeout(() => response.end('{"id":"<1@example.com>","message":"Queued."}'), delayMs)
        )
    })
    api = { server, url: await listening(server) }
    expect(await cli(['run', planFile(), '--out', at('baseline')])).toMatchObject({ exitCode: 0 })
    baseline = idOf('baseline')
  })
  afterAll(() => {
    closeAll(api.server)
  })

  it('passes in a good night', async () => {
    expect(await night()).toMatchObject({ exitCode: 0 })
    expect(read('run.xml')).toContain('tests="2" failures="0"')
    expect(read('run.md')).toMatch(/\| *api *\|/)
    expect(await gate()).toMatchObject({ exitCode: 0 })
    expect(read('gate.xml')).toContain('failures="0"')
    expect(idOf('baseline')).toBe(baseline)
  })

  it('keeps the last good run in a night with the server down, and says so where pipelines read it', async () => {
    const before = idOf('tonight')
    const down = await night(planFile(PORT_IS_CLOSED))
    expect(down).toMatchObject({ exitCode: 3, stdout: '' })
    expect(down.stderr).toContain('ECONNREFUSED')
    expect(read('run.xml')).toContain('tests="1" failures="1"')
    expect(read('run.md')).toContain('ECONNREFUSED')
    expect(await cli(['run', planFile(PORT_IS_CLOSED), '--out', at('baseline'), '--force'])).toMatchObject({
      exitCode: 3
    })
    expect([idOf('baseline'), idOf('tonight')]).toEqual([baseline, before])
  })

  it('fails in a night that is 1.5 times slower', async () => {
    delayMs *= 1.5
    expect(await night()).toMatchObject({ exitCode: 0 })
    expect(await gate()).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('FAIL') as unknown })
    expect(read('gate.xml')).toContain('failures="1"')
    expect(read('gate.md')).toContain('response.p50')
    expect(idOf('baseline')).toBe(baseline)
  })

  it('lets one of two jobs into a folder, and tells the other that it is taken', async () => {
    const args = nightArgs(planFile(api.url, 600))
    const both = await Promise.all([cliAlone(args), cliAlone(args)])
    expect(new Set(both.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 3]))
    const turnedAway = both.find(({ exitCode }) => exitCode === 3)
    expect(turnedAway?.stderr).toContain(at('tonight'))
    expect(read('tonight/run.json')).toContain('"finished"')
    expect(idOf('baseline')).toBe(baseline)
  })
})
