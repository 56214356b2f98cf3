import type { MenuItemConstructorOptions } from 'electron'
import type { Pushes } from '../../shared/ipc.ts'

export interface MenuActions {
  /** For what the page does. */
  command(command: Pushes['menu.command']): void
  openPlan(): void
}

const SCREENS = [
  ['Set up', 'screen-1'],
  ['Live', 'screen-2'],
  ['Result', 'screen-3'],
  ['Ports', 'screen-4'],
  ['History', 'screen-5']
] as const

/** The application's menu. `developer` adds what helps to work on the page itself. */
export function menuTemplate(
  actions: MenuActions,
  platform: NodeJS.Platform,
  developer: boolean
): MenuItemConstructorOptions[] {
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const item = (
    label: string,
    accelerator: string,
    command: Pushes['menu.command']
  ): MenuItemConstructorOptions => ({
    id: command,
    label,
    accelerator,
    click: () => {
      actions.command(command)
    }
  })
  const isMac = platform === 'darwin'
  return [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        item('&New Plan', 'CmdOrCtrl+N', 'new-plan'),
        {
          id: 'open-plan',
          label: '&Open Plan…',
          accelerator: 'CmdOrCtrl+O',
          click: () => {
            actions.openPlan()
          }
        },
        separator,
        isMac ? { role: 'close' } : { role: 'quit' }
      ]
    },
    { role: 'editMenu' },
    {
      label: '&Run',
      submenu: [item('&Start', 'CmdOrCtrl+Enter', 'start'), item('S&top', 'CmdOrCtrl+.', 'stop')]
    },
    {
      label: '&View',
      submenu: [
        ...SCREENS.map(([label, command], index) => item(label, `CmdOrCtrl+${index + 1}`, command)),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(developer ? [separator, { role: 'reload' as const }, { role: 'toggleDevTools' as const }] : [])
      ]
    },
    { role: 'windowMenu' }
  ]
}
