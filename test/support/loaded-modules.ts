import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Writes the name of every module that is loaded to stderr. */
const WATCH = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => { process.stderr.write(url + '\\n'); return next(url, context) } })`

/** Runs a program of Node's to its end, good or bad, and gives the `file:` URLs of all modules that it loads. */
export async function loadedModules(program: string, ...args: string[]): Promise<string[]> {
  const watch = `data:text/javascript,${encodeURIComponent(WATCH)}`
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', watch, program, ...args]).catch(
    (error: { stderr: string }) => error
  )
  return stderr.split('\n').filter((line) => line.startsWith('file:'))
}
