import { ApiError, type Host } from '../api/services.ts'

/** A browser has its own ways to pick files, save them and follow links; the page uses those. */
export const serveHost: Host = {
  mode: 'serve',
  openPlan: () => onlyInDesktop('Opening a plan with the system’s dialog'),
  saveFile: () => onlyInDesktop('Saving with the system’s dialog'),
  openLink: () => onlyInDesktop('Opening links in another program')
}

function onlyInDesktop(what: string): Promise<never> {
  return Promise.reject(
    new ApiError(`${what} needs the desktop app.`, 'In the browser, use its own download or file picker.')
  )
}
