import { describe, expect, it } from 'vitest'
import { CALL_CHANNELS, PUSH_CHANNELS } from '../../shared/page/channels.ts'
import { CALL_ARGS, PUSH_CHANNELS as MAPPED_PUSHES, type RunSummary } from '../../shared/page/ipc.ts'
import type { RunEnd } from '../../shared/record/snapshot.ts'
import { createApi } from '../../electron/api/create-api.ts'
import { ApiError, type Host } from '../../electron/api/services.ts'
import { createFakeServices } from '../support/fake-services.ts'
import { runRecord } from '../support/records.ts'

const host: Host = {
  mode: 'desktop',
  openPlan: () => Promise.resolve(null),
  saveFile: (fileName, content) => Promise.resolve(`${fileName}:${content.length}`),
  openLink: () => Promise.resolve()
}
const END: RunEnd = { runId: 'run-1', state: 'finished', message: null, hasRecord: true }

describe('the process boundary', () => {
  it('has one list of channels: what the preload script allows is what the map types', () => {
    expect([...CALL_CHANNELS].sort()).toEqual(Object.keys(CALL_ARGS).sort())
    expect(MAPPED_PUSHES).toBe(PUSH_CHANNELS)
  })

  it('answers every call of the map', async () => {
    const api = createApi(createFakeServices(), host)
    for (const channel of CALL_CHANNELS) {
      const answer = await api.call(channel, 'no tuple')
      expect(answer).toMatchObject({
        ok: false,
        error: { message: expect.stringContaining(channel) as string }
      })
    }
  })
})

describe('a call', () => {
  const cases: { sentence: string; channel: string; args: unknown; message: RegExp }[] = [
    { sentence: 'of an unknown channel', channel: 'runs.steal', args: [], message: /does not exist/ },
    { sentence: 'of an inherited property', channel: 'constructor', args: [], message: /does not exist/ },
    { sentence: 'with too many arguments', channel: 'runs.list', args: [1], message: /^runs\.list: / },
    { sentence: 'with a missing argument', channel: 'runs.get', args: [], message: /^runs\.get: / },
    {
      sentence: 'with an id that is a path',
      channel: 'runs.get',
      args: ['../../etc'],
      message: /^runs\.get: /
    },
    {
      sentence: 'with an unknown format',
      channel: 'runs.export',
      args: ['a', 'exe'],
      message: /^runs\.export: /
    },
    {
      sentence: 'with a link to a file',
      channel: 'link.open',
      args: ['file:///etc/passwd'],
      message: /^link\.open: /
    },
    {
      sentence: 'with a port beyond the last',
      channel: 'probe.start',
      args: [{ host: 'a', ports: [70_000], apiUrl: null }],
      message: /^probe\.start: /
    }
  ]
  it.each(cases)('$sentence is refused as data', async ({ channel, args, message }) => {
    const answer = await createApi(createFakeServices(), host).call(channel, args)
    expect(answer.ok).toBe(false)
    expect(answer.ok ? '' : answer.error.message).toMatch(message)
  })

  it('hands parsed arguments on and answers with the result', async () => {
    const api = createApi(createFakeServices(), host)
    expect(await api.call('runs.list', [])).toEqual({ ok: true, value: [] satisfies RunSummary[] })
    expect(await api.call('file.save', [{ fileName: 'a.csv', base64: 'YWJj' }])).toEqual({
      ok: true,
      value: 'a.csv:3'
    })
  })

  it('that the services refuse keeps message and hint, and shows no stack', async () => {
    const services = createFakeServices()
    services.runs.get = () => Promise.reject(new ApiError('There is no such run.', 'Look at the list.'))
    expect(await createApi(services, host).call('runs.get', ['a'])).toEqual({
      ok: false,
      error: { message: 'There is no such run.', hint: 'Look at the list.' }
    })
  })

  it('that throws before it returns a promise is answered as data too', async () => {
    const services = createFakeServices()
    services.runner.start = () => {
      throw new ApiError('A run is going already.')
    }
    const answer = await createApi(services, host).call('run.start', [
      {},
      { remote: false, realRecipients: false }
    ])
    expect(answer).toMatchObject({ ok: false, error: { message: 'A run is going already.' } })
  })

  it('with a secret of the wrong kind is refused without repeating it', async () => {
    const answer = await createApi(createFakeServices(), host).call('secrets.set', [
      'name',
      { key: 'hunter2' }
    ])
    expect(answer.ok).toBe(false)
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  it('with a plan that nests without end is answered, not crashed on', async () => {
    let nested: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) nested = [nested]
    expect(await createApi(createFakeServices(), host).call('plan.check', [nested])).toMatchObject({
      ok: false
    })
  })

  it('to explain a plan with faults names them by their path', async () => {
    const answer = await createApi(createFakeServices(), host).call('explain.start', [
      { schema: 1 },
      { remote: false, realRecipients: false }
    ])
    expect(answer).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('transports') as string }
    })
  })
})

describe('a push', () => {
  it('draws snapshots from the engine only while somebody listens', () => {
    const services = createFakeServices()
    const api = createApi(services, host)
    expect(services.snapshotListeners()).toBe(0)
    const ends = [
      api.subscribe('run.snapshot', () => undefined),
      api.subscribe('run.snapshot', () => undefined)
    ]
    expect(services.snapshotListeners()).toBe(1)
    for (const end of ends) end()
    expect(services.snapshotListeners()).toBe(0)
  })

  it('reaches every listener until its subscription ends, each on its own', () => {
    const services = createFakeServices()
    const api = createApi(services, host)
    const heard: string[] = []
    const listen = (end: RunEnd): void => void heard.push(end.runId)
    const endFirst = api.subscribe('run.end', listen)
    api.subscribe('run.end', listen)
    services.emitEnd(END)
    endFirst()
    endFirst()
    services.emitEnd(END)
    expect(heard).toEqual(['run-1', 'run-1', 'run-1'])
  })

  it('tells every page that the history is another one, once it is, and of nothing that was refused', async () => {
    const api = createApi(createFakeServices([runRecord([])]), host)
    const heard: unknown[] = []
    api.subscribe('runs.changed', (payload) => heard.push(payload))
    const [id] = ((await api.call('runs.list', [])) as { value: RunSummary[] }).value.map((run) => run.id)
    await api.call('runs.rename', [id, 'another name'])
    await api.call('runs.mark', [id, { note: 'warm' }])
    await api.call('runs.delete', [id])
    await api.call('runs.restore', [id])
    expect(heard).toHaveLength(4)
    await api.call('runs.rename', ['no-such-run', 'a name'])
    await api.call('runs.list', [])
    expect(heard).toHaveLength(4)
  })

  it('that comes before the page listens waits for it, once', () => {
    const api = createApi(createFakeServices(), host)
    const heard: string[] = []
    api.push('plan.opened', { fileName: 'old.json', text: '' })
    api.push('plan.opened', { fileName: 'new.json', text: '' })
    const end = api.subscribe('plan.opened', ({ fileName }) => heard.push(fileName))
    end()
    api.subscribe('plan.opened', ({ fileName }) => heard.push(fileName))
    expect(heard).toEqual(['new.json'])
  })
})
