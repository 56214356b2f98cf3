import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

const NAME = 'Chattermark'

/**
 * The user's folder for runs, settings and sealed secrets: the one that Electron chooses for the desktop app,
 * so that the command line and `serve` show the same history. `CHATTERMARK_DATA` names another one.
 */
export function dataFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: () => string = homeFolder
): string {
  if (env.CHATTERMARK_DATA) return env.CHATTERMARK_DATA
  if (platform === 'win32') return join(env.APPDATA || join(home(), 'AppData', 'Roaming'), NAME)
  if (platform === 'darwin') return join(home(), 'Library', 'Application Support', NAME)
  return join(env.XDG_CONFIG_HOME || join(home(), '.config'), NAME)
}

/** @throws the system's error for a user whom it does not know, as a container's may be, where HOME is not set */
function homeFolder(): string {
  return homedir() || userInfo().homedir
}

/** Where the history's runs are, a folder each. */
export function runsFolder(): string {
  return join(dataFolder(), 'runs')
}
