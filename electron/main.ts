import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess
} from 'electron'
import { createApi, type Api } from './api/create-api.ts'
import { ApiError, type Host, type Services } from './api/services.ts'
import { childFile, type ForkProcess } from './sandbox/fork.ts'
import { createServices } from './api/create-services.ts'
import { CLOSE_QUESTION, guardClosing } from './shell/close-question.ts'
import { connectPage } from './shell/connect-page.ts'
import { keepAwake } from './shell/keep-awake.ts'
import { menuTemplate } from './shell/menu.ts'
import { isExternalLink, isSamePage, PAGE_SCHEME, PAGE_URL, servePage } from './shell/page-scheme.ts'
import { planArgument, readPlanFile } from './shell/opened-plan.ts'
import { MIN_SIZE, windowBounds } from './shell/window-state.ts'
import { openSecrets, type Cipher } from './store/keychain-file.ts'
import { openSettings, type SettingsStore } from './store/settings-file.ts'

const here = import.meta.dirname
/** The development server's page, never in a packaged app: an environment variable must not choose what it shows. */
const pageUrl = (app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL) ?? PAGE_URL

const cipher: Cipher = {
  // Without a keyring Linux seals with a key that is the same for everybody.
  available: async () =>
    !(process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') &&
    (await safeStorage.isAsyncEncryptionAvailable()),
  encrypt: (text) => safeStorage.encryptStringAsync(text),
  decrypt: (sealed) => safeStorage.decryptStringAsync(sealed)
}

const forkUtility: ForkProcess = (moduleName, args) => {
  const child = utilityProcess.fork(childFile(moduleName), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    post: (message) => {
      child.postMessage(message)
    },
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.once('exit', listener),
    kill: (signal) => {
      if (signal === undefined) child.kill()
      else if (child.pid !== undefined) process.kill(child.pid, signal)
    }
  }
}

function hostOf(window: BrowserWindow): Host {
  return {
    mode: 'desktop',
    openPlan: async () => {
      const filters = [{ name: 'Chattermark plan', extensions: ['json'] }]
      const { filePaths } = await dialog.showOpenDialog(window, { properties: ['openFile'], filters })
      return filePaths[0] === undefined ? null : readPlanFile(filePaths[0])
    },
    saveFile: async (fileName, content) => {
      const defaultPath = join(app.getPath('downloads'), fileName)
      const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath })
      if (canceled || filePath === '') return null
      await writeFile(filePath, content)
      return filePath
    },
    openLink: async (url) => {
      if (!isExternalLink(url)) throw new ApiError('Only https and mailto links are opened.')
      await shell.openExternal(url)
    }
  }
}

function createWindow(settings: SettingsStore): BrowserWindow {
  const state = settings.windowState()
  const window = new BrowserWindow({
    ...windowBounds(
      state,
      screen.getAllDisplays().map((display) => display.workArea)
    ),
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    show: false,
    title: app.getName(),
    webPreferences: {
      preload: join(here, '../preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      spellcheck: false
    }
  })
  window.once('ready-to-show', () => {
    if (state?.maximised === true) window.maximize()
    window.show()
  })
  return window
}

/** Hands a plan to the page, or tells the user why that is not possible. */
async function showPlan(api: Api, reading: ReturnType<Host['openPlan']>): Promise<void> {
  try {
    const plan = await reading
    if (plan !== null) api.push('plan.opened', plan)
  } catch (error) {
    dialog.showErrorBox('The plan was not opened', error instanceof Error ? error.message : String(error))
  }
}

/** Builds all that needs a running Electron. Returns what brings the window to the front, with a plan in it if one is named. */
async function startDesktop(): Promise<(planPath: string | null) => void> {
  protocol.handle(PAGE_SCHEME, servePage(join(here, '../renderer')))
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => {
    answer(false)
  })
  session.defaultSession.setPermissionCheckHandler(() => false)

  const folder = app.getPath('userData')
  const settings = openSettings(folder)
  const engine = createServices({
    folder,
    settings,
    secrets: openSecrets(folder, cipher),
    fork: forkUtility
  })
  const services: Services = { ...engine, runner: keepAwake(engine.runner, powerSaveBlocker) }
  const window = createWindow(settings)
  const host = hostOf(window)
  const api = createApi(services, host)
  connectPage(ipcMain, window.webContents, api, (url) => isSamePage(url, pageUrl))
  guardClosing(window, {
    runner: services.runner,
    ask: async () => (await dialog.showMessageBox(window, CLOSE_QUESTION)).response,
    keepPlace: () => {
      settings.keepWindowState({ ...window.getNormalBounds(), maximised: window.isMaximized() })
    }
  })
  app.once('will-quit', () => {
    void services.runs.emptyBin().catch(() => undefined)
  })
  const menu = menuTemplate(
    {
      command: (command) => {
        api.push('menu.command', command)
      },
      openPlan: () => void showPlan(api, host.openPlan())
    },
    process.platform,
    !app.isPackaged
  )
  Menu.setApplicationMenu(Menu.buildFromTemplate(menu))
  await window.loadURL(pageUrl)
  return (planPath) => {
    if (window.isMinimized()) window.restore()
    window.focus()
    if (planPath !== null) void showPlan(api, readPlanFile(planPath))
  }
}

function start(): void {
  if (process.env.CHATTERMARK_DATA) app.setPath('userData', process.env.CHATTERMARK_DATA)
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }
  ])
  // The system may ask to open a plan before there is a window; the last one asked for waits here.
  let planPath = planArgument(process.argv.slice(1), process.cwd())
  let show = (path: string | null): void => {
    planPath = path ?? planPath
  }
  app.on('open-file', (event, path) => {
    event.preventDefault()
    show(path)
  })
  app.on('second-instance', (_event, argv, workingFolder) => {
    show(planArgument(argv.slice(1), workingFolder))
  })
  app.on('window-all-closed', () => {
    app.quit()
  })
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-navigate', (event) => {
      event.preventDefault()
    })
    contents.on('will-attach-webview', (event) => {
      event.preventDefault()
    })
  })
  void app
    .whenReady()
    .then(startDesktop)
    .then((showNow) => {
      show = showNow
      if (planPath !== null) show(planPath)
    })
}

start()
