/**
 * Runs the command line again and again in one process, as its parent asks: each command has its own program, arguments,
 * environment and exit code, and shares what Node has loaded with those before it.
 */
import { z } from 'zod'

const requestSchema = z.object({ args: z.array(z.string()), env: z.record(z.string(), z.string()) })

process.stdout.setMaxListeners(0)
process.stderr.setMaxListeners(0)
const streams = ['stdout', 'stderr'] as const
const own = {
  stdout: process.stdout.write.bind(process.stdout),
  stderr: process.stderr.write.bind(process.stderr)
}
let commands = 0

async function run(raw: unknown): Promise<void> {
  const { args, env } = requestSchema.parse(raw)
  const said = { stdout: '', stderr: '' }
  const before = { ...process.env }
  Object.assign(process.env, env)
  process.argv = [process.execPath, 'chattermark', ...args]
  process.exitCode = undefined
  for (const name of streams) {
    process[name].write = (chunk: string | Uint8Array): boolean => {
      said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
      return true
    }
  }
  try {
    commands += 1
    // A query makes it another module: it is executed anew.
    await import(`../../electron/cli/main.ts?${commands}`)
  } finally {
    for (const name of streams) process[name].write = own[name]
    for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, before)
  }
  process.send?.({ exitCode: process.exitCode ?? 0, ...said })
  process.exitCode = 0
}

process.on('message', (request) => void run(request))
process.on('disconnect', () => process.exit(0))
