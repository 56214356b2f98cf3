import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect, type Browser, type ElectronApplication, type Page } from '@playwright/test'
import type { Answer, Bridge, CallChannel, CallResults } from '../../shared/page/ipc.ts'
import { findBrowser } from '../support/browser.ts'
import { launchDesktop, launchServe } from './launch.ts'

export interface TestOptions {
  /** What carries the page: a browser on `chattermark serve`, or the desktop. */
  mode: 'serve' | 'desktop'
}

interface TestFixtures {
  /** The user's data folder of this test: empty at first. */
  dataFolder: string
  /** Set it to accept what a test provokes: console errors that match are not counted as faults. */
  expectedErrors: RegExp[]
}

interface WorkerFixtures {
  /** The browser of a worker's specs, opened when the first of them wants it; each has a context of its own in it. */
  sharedBrowser: () => Promise<Browser>
}

/** The page under test, in whatever the project says; at the end nothing may have gone wrong behind its back. */
export const test = base.extend<TestFixtures & TestOptions, WorkerFixtures>({
  sharedBrowser: [
    async ({ playwright }, use) => {
      let opened: Promise<Browser> | undefined
      await use(
        () =>
          (opened ??= findBrowser().then((executablePath) => playwright.chromium.launch({ executablePath })))
      )
      await (await opened)?.close()
    },
    { scope: 'worker' }
  ],
  mode: ['serve', { option: true }],
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter's pattern
  dataFolder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'chattermark-e2e-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  },
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter's pattern
  expectedErrors: async ({}, use) => {
    await use([])
  },
  page: async ({ mode, dataFolder, expectedErrors, sharedBrowser }, use) => {
    if (mode === 'desktop') {
      const desktop = await launchDesktop({ dataFolder })
      await saveInto(desktop, dataFolder)
      const page = await firstPage(desktop)
      const errors = collectErrors(page)
      await isShown(page)
      await use(page)
      expect(unexpected(errors, expectedErrors)).toEqual([])
      expect(await problemsOf(desktop)).toEqual([])
      await leave(desktop)
    } else {
      const [served, browser] = await Promise.all([launchServe(dataFolder), sharedBrowser()])
      const context = await browser.newContext({
        viewport: { width: 1280, height: 860 },
        acceptDownloads: true
      })
      const page = await context.newPage()
      const errors = collectErrors(page)
      await page.goto(served.url)
      await isShown(page)
      await use(page)
      expect(unexpected(errors, expectedErrors)).toEqual([])
      await context.close()
      await served.close()
    }
  }
})
export { expect }

/** A page that is loaded hears no key before it is shown. */
async function isShown(page: Page): Promise<void> {
  await expect(page.getByRole('navigation')).toBeVisible()
}

/** The desktop's window, its page loaded. */
export async function firstPage(desktop: ElectronApplication): Promise<Page> {
  const page = await desktop.firstWindow()
  await page.waitForURL(/index\.html/)
  return page
}

/** Answers every save dialog: the file goes into the folder, under the name that was proposed. */
async function saveInto(desktop: ElectronApplication, folder: string): Promise<void> {
  await desktop.evaluate(({ dialog }, target) => {
    dialog.showSaveDialog = ((_window: unknown, { defaultPath = '' }: { defaultPath?: string }) =>
      Promise.resolve({
        canceled: false,
        filePath: `${target}/${defaultPath.split(/[\\/]/).at(-1)}`
      })) as typeof dialog.showSaveDialog
  }, folder)
}

/** What the stand-in for Electron noticed; a real Electron has no such list. */
export async function problemsOf(desktop: ElectronApplication): Promise<string[]> {
  return desktop.evaluate(
    () => (globalThis as { __edouble?: { problems: string[] } }).__edouble?.problems ?? []
  )
}

/** Ends the desktop at once, without the question that a run would raise. */
export async function leave(desktop: ElectronApplication): Promise<void> {
  const exited = once(desktop.process(), 'exit')
  await desktop.evaluate(({ app }) => app.exit()).catch(() => undefined)
  await exited
}

/** Calls the API as the desktop's page can. */
export async function call<C extends CallChannel>(
  page: Page,
  channel: C,
  ...args: unknown[]
): Promise<Answer<CallResults[C]>> {
  const answer = await page.evaluate(
    ([name, values]) => {
      const { chattermark } = window as unknown as { chattermark: Bridge }
      return chattermark.call(name as 'runs.list', ...(values as []))
    },
    [channel, args] as const
  )
  return answer as Answer<CallResults[C]>
}

function collectErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  return errors
}

function unexpected(errors: readonly string[], expected: readonly RegExp[]): string[] {
  return errors.filter((error) => !expected.some((pattern) => pattern.test(error)))
}
