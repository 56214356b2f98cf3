import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import type { ElectronApplication } from '@playwright/test'
import type { Bridge, PushChannel } from '../../shared/page/ipc.ts'
import { call, expect, firstPage, leave, problemsOf, test as base } from './fixtures.ts'
import { desktopCommand, electronExecutable, launchDesktop, type DesktopOptions } from './launch.ts'

interface Shell {
  /** Starts the desktop on this test's data folder; what is still open at the end is closed. */
  launch(options?: Omit<DesktopOptions, 'dataFolder'>): Promise<ElectronApplication>
}

const test = base.extend<{ shell: Shell }>({
  shell: async ({ dataFolder }, use) => {
    const started: { desktop: ElectronApplication; child: ChildProcess }[] = []
    await use({
      launch: async (options) => {
        const desktop = await launchDesktop({ dataFolder, ...options })
        started.push({ desktop, child: desktop.process() })
        return desktop
      }
    })
    for (const { desktop } of started.filter(({ child }) => child.exitCode === null)) {
      expect(await problemsOf(desktop)).toEqual([])
      await leave(desktop)
    }
  }
})

/** Collects a push in the page, to be read with {@link heard}. */
async function listen(desktop: ElectronApplication, channel: PushChannel): Promise<void> {
  const page = await firstPage(desktop)
  await page.evaluate(async (name) => {
    const scope = window as unknown as { chattermark: Bridge; heard: unknown[] }
    scope.heard = []
    scope.chattermark.on(name, (payload) => scope.heard.push(payload))
    // What the page says arrives in order: with this answer the subscription has arrived too.
    await scope.chattermark.call('app.info')
  }, channel)
}

async function heard(desktop: ElectronApplication): Promise<unknown[]> {
  const page = await firstPage(desktop)
  return page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)
}

async function exitOf(desktop: ElectronApplication, cause: () => Promise<unknown>): Promise<number | null> {
  const child = desktop.process()
  const exited = once(child, 'exit')
  await cause().catch(() => undefined)
  await exited
  return child.exitCode
}

test('the page sees the bridge and nothing of Electron or Node', async ({ shell }) => {
  const page = await firstPage(await shell.launch())
  const seen = await page.evaluate(() => {
    const scope = window as unknown as Record<string, unknown>
    const { chattermark } = scope
    return {
      members: Object.keys(chattermark as object).sort(),
      frozen: Object.isFrozen(chattermark),
      foreign: ['require', 'process', 'module', 'ipcRenderer', 'electron', 'Buffer', 'global'].filter(
        (name) => scope[name] !== undefined
      )
    }
  })
  expect(seen).toEqual({ members: ['call', 'on'], frozen: true, foreign: [] })
})

test('a channel that is not in the map is refused, as call and as push', async ({ shell }) => {
  const page = await firstPage(await shell.launch())
  const unknown = await page.evaluate(async () => {
    const { chattermark } = window as unknown as { chattermark: Bridge }
    const answer = await chattermark.call('process.exit' as 'run.stop')
    let push = 'accepted'
    try {
      chattermark.on('secrets.get' as 'run.end', () => undefined)
    } catch (error) {
      push = String(error)
    }
    return { answer, push }
  })
  expect(unknown.answer).toMatchObject({ ok: false })
  expect(unknown.push).toMatch(/does not exist/)
})

test('wrong arguments are answered as data, without repeating them', async ({ shell }) => {
  const page = await firstPage(await shell.launch())
  const answer = await call(page, 'secrets.set', 'name', { password: 'hunter2' })
  expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('secrets.set') } })
  expect(JSON.stringify(answer)).not.toContain('hunter2')
})

test('navigation, new windows and permissions are denied', async ({ shell }) => {
  const desktop = await shell.launch()
  const page = await firstPage(desktop)
  const before = page.url()
  await desktop.evaluate(({ BrowserWindow }) => {
    const scope = globalThis as { asked?: string[] }
    scope.asked = []
    BrowserWindow.getAllWindows()[0]?.webContents.on('will-navigate', ({ url, defaultPrevented }) => {
      scope.asked?.push(`${url} ${defaultPrevented ? 'denied' : 'allowed'}`)
    })
  })
  await page.evaluate(() => {
    location.href = 'https://example.org/'
  })
  await expect
    .poll(() => desktop.evaluate(() => (globalThis as { asked?: string[] }).asked))
    .toEqual(['https://example.org/ denied'])
  expect(page.url()).toBe(before)
  expect(await page.evaluate(() => window.open('https://example.org/'))).toBeNull()
  expect(desktop.windows()).toHaveLength(1)
  expect(
    await desktop.evaluate(() => {
      const { __edoublePermission: answers } = globalThis as {
        __edoublePermission?: (permission: string) => { asked: boolean; checked: boolean }
      }
      return answers?.('media') ?? { asked: false, checked: false }
    })
  ).toEqual({ asked: false, checked: false })
})

test('the content security policy bans eval, inline scripts and inline styles', async ({ shell }) => {
  const page = await firstPage(await shell.launch())
  // Evaluated code may use eval itself, so the attempt is made from a timer of the page.
  const evaluated = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          try {
            resolve(String(window.eval('1') as unknown))
          } catch (error) {
            resolve((error as Error).name)
          }
        })
      })
  )
  expect(evaluated).toBe('EvalError')
  const inline = await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.injected = true'
    document.body.append(script)
    const style = document.createElement('style')
    style.textContent = 'body { outline: 7px solid red }'
    document.head.append(style)
    return {
      script: 'injected' in window,
      style: getComputedStyle(document.body).outlineWidth === '7px'
    }
  })
  expect(inline).toEqual({ script: false, style: false })
})

test('a second start hands its plan to the first window and leaves', async ({ shell, dataFolder }) => {
  const desktop = await shell.launch()
  await listen(desktop, 'plan.opened')
  const plan = join(dataFolder, 'mine.chattermark.json')
  await writeFile(plan, '{"name":"mine"}')
  const { args, env } = await desktopCommand({ dataFolder, args: [plan] })
  const second = spawn(electronExecutable(), args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  second.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(second, 'close')) as [number]
  expect(code, said).toBe(0)
  await expect
    .poll(() => heard(desktop))
    .toEqual([{ fileName: 'mine.chattermark.json', text: '{"name":"mine"}' }])
  expect(desktop.windows()).toHaveLength(1)
})

test('a plan on the command line is opened once the page listens', async ({ shell, dataFolder }) => {
  const plan = join(dataFolder, 'given.chattermark.json')
  await writeFile(plan, '{"name":"given"}')
  const desktop = await shell.launch({ args: [plan] })
  const page = await firstPage(desktop)
  await expect(page.locator('body')).toContainText('given')
})

test('a foreign plan shows what it would do, and does nothing before it is trusted', async ({
  shell,
  dataFolder
}) => {
  const contacts: Socket[] = []
  const target = createServer((socket) => contacts.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const { port } = target.address() as AddressInfo
  const plan = join(dataFolder, 'foreign.chattermark.json')
  const message = { from: 'bench@example.com', to: ['sink@example.com'] }
  const auth = { user: 'u', password: { file: '/home/somebody/.ssh/id_ed25519' } }
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port, security: 'none' }
  const transports = [
    { ...smtp, name: 'here', security: 'starttls', tls: { caFile: '/home/somebody/roots.pem' }, auth },
    {
      ...smtp,
      name: 'there',
      host: 'smtp.test',
      auth: { user: 'u', password: { env: 'AWS_SECRET_ACCESS_KEY' } }
    }
  ]
  const load = { model: 'closed', concurrency: 1, messages: 7 }
  await writeFile(plan, JSON.stringify({ schema: 1, name: 'from elsewhere', message, load, transports }))
  const desktop = await shell.launch({ args: [plan] })
  const page = await firstPage(desktop)
  const dialog = page.getByRole('dialog', { name: 'Do you trust foreign.chattermark.json?' })
  await expect(dialog).toBeVisible()
  for (const text of [
    '14 messages to 127.0.0.1 and smtp.test',
    'sink@example.com',
    'file /home/somebody/.ssh/id_ed25519',
    'file /home/somebody/roots.pem (certificates)',
    'environment variable AWS_SECRET_ACCESS_KEY',
    'smtp.test',
    'in the clear'
  ])
    await expect(dialog).toContainText(text)
  const kept = async (): Promise<string> => JSON.stringify(await call(page, 'drafts.get'))
  expect(await kept()).not.toContain('from elsewhere')
  await expect(page.getByLabel('Name of the plan')).not.toHaveValue('from elsewhere')

  await dialog.getByRole('button', { name: 'Leave it closed' }).click()
  await expect(dialog).toBeHidden()
  expect(await kept()).not.toContain('from elsewhere')

  await desktop.evaluate(({ dialog: system, Menu }, path) => {
    system.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] })
    Menu.getApplicationMenu()?.getMenuItemById('open-plan')?.click()
  }, plan)
  await dialog.getByRole('button', { name: 'Trust it and open' }).click()
  await expect(page.getByLabel('Name of the plan')).toHaveValue('from elsewhere')
  await expect.poll(kept).toContain('from elsewhere')
  expect(await call(page, 'run.current')).toEqual({ ok: true, value: null })
  expect(contacts).toEqual([])
  target.close()
})

test('the window opens where it was left', async ({ shell }) => {
  const first = await shell.launch()
  await firstPage(first)
  await first.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    window?.setBounds({ x: 40, y: 50, width: 1010, height: 707 })
    window?.maximize()
  })
  await first.close()
  const second = await shell.launch()
  await firstPage(second)
  const state = () =>
    second.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      return { ...window?.getNormalBounds(), maximised: window?.isMaximized() }
    })
  // A window shows its page before it is as large as it will be.
  await expect.poll(state).toEqual({ x: 40, y: 50, width: 1010, height: 707, maximised: true })
})

test('closing the window ends the program', async ({ shell }) => {
  const desktop = await shell.launch()
  await firstPage(desktop)
  const close = (): Promise<void> =>
    desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  expect(await exitOf(desktop, close)).toBe(0)
})

test('quitting ends the program', async ({ shell }) => {
  const desktop = await shell.launch()
  await firstPage(desktop)
  expect(await exitOf(desktop, () => desktop.evaluate(({ app }) => app.quit()))).toBe(0)
})

test('closing during a run asks; the run goes on, or is stopped and kept', async ({ shell }) => {
  const desktop = await shell.launch()
  const page = await firstPage(desktop)
  const plan = await call(page, 'plan.default')
  if (!plan.ok) throw new Error(plan.error.message)
  const long = { ...(plan.value as object), load: { model: 'closed', concurrency: 2, durationSeconds: 600 } }
  const started = await call(page, 'run.start', long, { remote: false, realRecipients: false })
  expect(started).toMatchObject({ ok: true, value: { ok: true } })
  await expect
    .poll(async () => {
      const current = await call(page, 'run.current')
      const run = current.ok ? current.value : null
      return run?.kind === 'compare' && run.snapshot.transports.some(({ counts }) => counts.accepted > 0)
    })
    .toBe(true)
  expect(await desktop.evaluate(({ powerSaveBlocker }) => powerSaveBlocker.isStarted(1))).toBe(true)

  const closeAnswering = (button: number): Promise<string> =>
    desktop.evaluate(
      ({ dialog, BrowserWindow }, response) =>
        new Promise<string>((resolve) => {
          dialog.showMessageBox = ((_window: unknown, options: { message: string }) => {
            resolve(options.message)
            return Promise.resolve({ response, checkboxChecked: false })
          }) as typeof dialog.showMessageBox
          BrowserWindow.getAllWindows()[0]?.close()
        }),
      button
    )
  expect(await closeAnswering(0)).toMatch(/run is going on/)
  expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  expect(await call(page, 'run.current')).toMatchObject({
    ok: true,
    value: { snapshot: { state: 'running' } }
  })
  expect(await exitOf(desktop, () => closeAnswering(1))).toBe(0)

  const again = await firstPage(await shell.launch())
  expect(await call(again, 'runs.list')).toMatchObject({ ok: true, value: [{ state: 'stopped' }] })
})

test('secrets are sealed by the keychain and never come back to the page', async ({ shell, dataFolder }) => {
  const page = await firstPage(await shell.launch())
  expect(await call(page, 'secrets.set', 'provider', 'hunter2-hunter2')).toEqual({ ok: true, value: null })
  expect(await call(page, 'secrets.list')).toEqual({ ok: true, value: ['provider'] })
  const file = await readFile(join(dataFolder, 'secrets.json'), 'utf8')
  expect(file).toContain('provider')
  expect(file).not.toContain('hunter2')
  expect(file).not.toContain(Buffer.from('hunter2-hunter2').toString('base64'))
  expect(await call(page, 'secrets.delete', 'provider')).toEqual({ ok: true, value: null })
  expect(await call(page, 'secrets.list')).toEqual({ ok: true, value: [] })
})

test('without a keychain secrets are refused, with what to do instead', async ({ shell }) => {
  const page = await firstPage(await shell.launch({ env: { EDOUBLE_NO_KEYRING: '1' } }))
  expect(await call(page, 'app.info')).toMatchObject({ ok: true, value: { keychain: false } })
  expect(await call(page, 'secrets.set', 'provider', 'hunter2')).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('no keychain'), hint: expect.stringContaining('env') }
  })
})

test('menu items reach the page, and Open Plan asks for a file', async ({ shell, dataFolder }) => {
  const desktop = await shell.launch()
  await listen(desktop, 'menu.command')
  await desktop.evaluate(({ Menu }) => {
    for (const id of ['screen-ports', 'new-plan']) Menu.getApplicationMenu()?.getMenuItemById(id)?.click()
  })
  await expect.poll(() => heard(desktop)).toEqual(['screen-ports', 'new-plan'])

  await listen(desktop, 'plan.opened')
  const plan = join(dataFolder, 'picked.json')
  await writeFile(plan, '{}')
  await desktop.evaluate(({ dialog, Menu }, path) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] })
    Menu.getApplicationMenu()?.getMenuItemById('open-plan')?.click()
  }, plan)
  await expect.poll(() => heard(desktop)).toEqual([{ fileName: 'picked.json', text: '{}' }])
})

test('a new plan shows its own recipients, whatever was being typed in the one before', async ({ shell }) => {
  const desktop = await shell.launch()
  const page = await firstPage(desktop)
  const to = page.getByLabel('To, one a line')
  await to.fill('somebody@example.com')
  await expect(to).toBeFocused()
  await desktop.evaluate(({ Menu }) => {
    Menu.getApplicationMenu()?.getMenuItemById('new-plan')?.click()
  })
  await expect(page.getByRole('list', { name: 'Open plans' }).getByRole('listitem')).toHaveCount(2)
  await expect(to).toHaveValue('sink@example.com')
})

test('files go where the save dialog says', async ({ shell, dataFolder }) => {
  const desktop = await shell.launch()
  const page = await firstPage(desktop)
  const file = { fileName: 'summary.csv', base64: Buffer.from('a,b\r\n').toString('base64') }
  expect(await call(page, 'file.save', file)).toEqual({ ok: true, value: null })
  const target = join(dataFolder, 'kept.csv')
  await desktop.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath })
  }, target)
  expect(await call(page, 'file.save', file)).toEqual({ ok: true, value: target })
  expect(await readFile(target, 'utf8')).toBe('a,b\r\n')
})

test('only https and mailto links leave the program', async ({ shell }) => {
  const desktop = await shell.launch()
  const page = await firstPage(desktop)
  await desktop.evaluate(({ shell: system }) => {
    const scope = globalThis as { opened?: string[] }
    scope.opened = []
    system.openExternal = (url) => {
      scope.opened?.push(url)
      return Promise.resolve()
    }
  })
  for (const url of ['https://example.org/', 'mailto:a@example.org']) {
    expect(await call(page, 'link.open', url)).toEqual({ ok: true, value: null })
  }
  for (const url of [
    'http://example.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://host/share'
  ]) {
    expect(await call(page, 'link.open', url)).toMatchObject({ ok: false })
  }
  expect(await desktop.evaluate(() => (globalThis as { opened?: string[] }).opened)).toEqual([
    'https://example.org/',
    'mailto:a@example.org'
  ])
})
