import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { guardClosing } from '../../electron/shell/close-question.ts'
import { keepAwake } from '../../electron/shell/keep-awake.ts'
import { menuTemplate } from '../../electron/shell/menu.ts'
import { isExternalLink, isSamePage, PAGE_URL } from '../../electron/shell/page-scheme.ts'
import { planArgument } from '../../electron/shell/opened-plan.ts'
import { windowBounds } from '../../electron/shell/window-state.ts'
import { browserCommand, hasDisplay, obstacle } from '../../electron/start-checks.ts'
import { dataFolder } from '../../electron/store/data-folder.ts'
import { createFakeServices } from '../support/fake-services.ts'

describe('where the window opens', () => {
  const displays = [{ x: 0, y: 0, width: 1920, height: 1040 }]
  const saved = { x: 100, y: 50, width: 1000, height: 700, maximised: false }
  it.each([
    ['nothing is known: the default size', null, { width: 1280, height: 860 }],
    ['it was on a display that is there: as it was', saved, { x: 100, y: 50, width: 1000, height: 700 }],
    ['its display is gone: only the size', { ...saved, x: 2500 }, { width: 1000, height: 700 }],
    ['its title bar is above the display: only the size', { ...saved, y: -20 }, { width: 1000, height: 700 }],
    [
      'it was too small to use: the least size',
      { ...saved, width: 10, height: 10 },
      { x: 100, y: 50, width: 900, height: 600 }
    ]
  ])('%s', (_sentence, state, expected) => {
    expect(windowBounds(state, displays)).toEqual(expected)
  })
})

describe('a plan on the command line', () => {
  it.each([
    [['.', 'a.chattermark.json'], '/home/a.chattermark.json'],
    [['--flag=x.chattermark.json'], null],
    [['/tmp/b.chattermark.json', '--no-sandbox'], '/tmp/b.chattermark.json'],
    [['plan.json'], null]
  ])('%j is %j', (argv, expected) => {
    expect(planArgument(argv, '/home')).toBe(expected)
  })
})

describe('addresses', () => {
  it.each([
    [PAGE_URL, true],
    ['app://chattermark/other.html', true],
    ['app://elsewhere/index.html', false],
    ['http://chattermark/index.html', false],
    ['app:chattermark', false],
    ['about:blank', false],
    ['', false]
  ])('%j is the page: %j', (url, expected) => {
    expect(isSamePage(url, PAGE_URL)).toBe(expected)
  })

  it.each([
    ['https://example.org', true],
    ['mailto:a@example.org', true],
    ['http://example.org', false],
    ['javascript:alert(1)', false],
    ['nonsense', false]
  ])('%j may leave the program: %j', (url, expected) => {
    expect(isExternalLink(url)).toBe(expected)
  })
})

describe('the menu', () => {
  it('offers reload and developer tools only to developers', () => {
    const actions = { command: () => undefined, openPlan: () => undefined }
    const text = (developer: boolean): string => JSON.stringify(menuTemplate(actions, 'linux', developer))
    expect(text(false)).not.toMatch(/reload|toggleDevTools/)
    expect(text(true)).toMatch(/reload.*toggleDevTools/)
  })

  it('gives no shortcut to two items', () => {
    const actions = { command: () => undefined, openPlan: () => undefined }
    const accelerators = menuTemplate(actions, 'linux', true)
      .flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
      .flatMap(({ accelerator }) => accelerator ?? [])
    expect(new Set(accelerators).size).toBe(accelerators.length)
    expect(accelerators.length).toBeGreaterThan(8)
  })
})

describe('keeping the machine awake', () => {
  it('begins with a run that started and stops with its end', async () => {
    const services = createFakeServices()
    services.runner.current = () => ({
      kind: 'compare',
      plan: {} as never,
      snapshot: {} as never,
      timelines: []
    })
    const calls: string[] = []
    const runner = keepAwake(services.runner, {
      start: (kind) => calls.push(kind),
      stop: (id) => calls.push(`stop ${id}`)
    })
    await runner.start({}, { remote: false, realRecipients: false, secrets: false, maxMessages: 1 })
    services.emitEnd({ runId: 'run-1', state: 'finished', message: null, hasRecord: true })
    services.emitEnd({ runId: 'run-1', state: 'finished', message: null, hasRecord: true })
    expect(calls).toEqual(['prevent-app-suspension', 'stop 1'])
  })

  it('does not begin for a run that was refused', async () => {
    const services = createFakeServices()
    services.runner.start = () => Promise.resolve({ ok: false, faults: [] })
    const runner = keepAwake(services.runner, { start: () => expect.fail('started'), stop: () => undefined })
    await runner.start({}, { remote: false, realRecipients: false, secrets: false, maxMessages: 1 })
  })
})

describe('npm start', () => {
  it.each([
    ['binary and display: the desktop', true, true, {}, null],
    ['a stand-in for the binary needs no display', true, false, { ELECTRON_OVERRIDE_DIST_PATH: '/x' }, null],
    ['binary without display', true, false, {}, /no display/],
    ['display without binary', false, true, {}, /binary/],
    ['neither', false, false, {}, /neither/]
  ] as const)('%s', (_sentence, electron, display, env, expected) => {
    const why = obstacle(electron, display, env)
    if (expected === null) expect(why).toBeNull()
    else expect(why).toMatch(expected)
  })

  it('knows a display by the system’s own signs', () => {
    expect(hasDisplay('linux', {})).toBe(false)
    expect(hasDisplay('linux', { DISPLAY: ':0' })).toBe(true)
    expect(hasDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true)
    expect(hasDisplay('darwin', {})).toBe(true)
  })

  it('hands an address to the browser as one argument, never through a shell', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(browserCommand(platform, 'http://127.0.0.1/?a=1&b=2')[1].at(-1)).toBe(
        'http://127.0.0.1/?a=1&b=2'
      )
    }
  })
})

describe('the data folder', () => {
  it.each([
    ['linux', {}, '/home/u/.config/Chattermark'],
    ['linux', { XDG_CONFIG_HOME: '/x' }, '/x/Chattermark'],
    ['darwin', {}, '/home/u/Library/Application Support/Chattermark'],
    ['linux', { CHATTERMARK_DATA: '/mine' }, '/mine']
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(dataFolder(env, platform, () => '/home/u')).toBe(expected)
  })

  it('that is named needs no home, which a user whom the system does not know has not', () => {
    const nobody = (): string => {
      throw new Error('uv_os_homedir returned ENOENT')
    }
    expect(dataFolder({ CHATTERMARK_DATA: '/data' }, 'linux', nobody)).toBe('/data')
    expect(dataFolder({ XDG_CONFIG_HOME: '/x' }, 'linux', nobody)).toBe('/x/Chattermark')
  })
})

describe('the window that is closed', () => {
  const close = async (keepPlace: () => void): Promise<{ asked: number; isKept: boolean }> => {
    const { runner } = createFakeServices()
    runner.current = () => ({ kind: 'compare', plan: {} as never, snapshot: {} as never, timelines: [] })
    const window = Object.assign(new EventEmitter(), { destroy: () => undefined })
    let [asked, isKept] = [0, false]
    guardClosing(window, { runner, ask: () => Promise.resolve(asked++), keepPlace })
    try {
      window.emit('close', { preventDefault: () => (isKept = true) })
    } catch {
      // Electron would show it, and go on closing.
    }
    await Promise.resolve()
    return { asked, isKept }
  }

  it('asks before a run is lost', async () => {
    expect(await close(() => undefined)).toEqual({ asked: 1, isKept: true })
  })

  it('asks as well where its place cannot be kept', async () => {
    const full = (): never => {
      throw new Error('ENOSPC')
    }
    expect(await close(full)).toEqual({ asked: 1, isKept: true })
  })
})
