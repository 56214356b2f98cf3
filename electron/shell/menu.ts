import type { MenuItemConstructorOptions } from 'electron'
import type { Pushes } from '../../shared/page/ipc.ts'
import { SCREENS } from '../../shared/page/screens.ts'

export interface MenuActions {
  /** For what the page does. */
  command(command: Pushes['menu.command']): void
  openPlan(): void
}

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
        ...SCREENS.map(({ id, label }, index) => item(label, `CmdOrCtrl+${index + 1}`, `screen-${id}`)),
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
