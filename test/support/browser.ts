import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import chromium from '@sparticuz/chromium'

const NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome'
]
const USUAL_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe'
]

/**
 * A Chromium to test in: the one that `CHATTERMARK_TEST_BROWSER` names (`bundled` for the one from npm), else an
 * installed Chrome or Chromium, else the one from npm, which needs no root (Linux x64).
 */
export async function findBrowser(): Promise<string> {
  const wanted = process.env.CHATTERMARK_TEST_BROWSER
  if (wanted !== undefined && wanted !== 'bundled') return wanted
  const installed = wanted === 'bundled' ? undefined : candidates().find(isExecutable)
  return installed ?? (await chromium.executablePath())
}

function candidates(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...USUAL_PLACES]
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
