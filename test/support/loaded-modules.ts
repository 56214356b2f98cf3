import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Writes the name of every module that is loaded to stderr, at the end those within Node, too. */
const WATCH = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => { process.stderr.write(url + '\\n'); return next(url, context) } })
process.on('exit', () => process.stderr.write(process.moduleLoadList.map((name) => name + '\\n').join('')))`

/** Runs a program of Node's to its end, good or bad, and gives the `file:` URLs of all modules that it loads. */
export async function loadedModules(program: string, ...args: string[]): Promise<string[]> {
  // Where an error was thrown has a line number behind it.
  return (await loaded(program, args)).filter((line) => /^file:.*\.\w+$/.test(line))
}

/** The same of the modules within Node, by their names there: `internal/deps/undici/undici`. */
export async function loadedOfNode(program: string, ...args: string[]): Promise<string[]> {
  const within = 'NativeModule '
  const lines = await loaded(program, args)
  return lines.filter((line) => line.startsWith(within)).map((line) => line.slice(within.length))
}

async function loaded(program: string, args: readonly string[]): Promise<string[]> {
  const watch = `data:text/javascript,${encodeURIComponent(WATCH)}`
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', watch, program, ...args]).catch(
    (error: { stderr: string }) => error
  )
  return stderr.split('\n')
}
