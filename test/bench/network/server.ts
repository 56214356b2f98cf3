import { once } from 'node:events'
import { startSandbox } from '../../../electron/sandbox/sandbox.ts'

/** The sandbox on an address of its own, for the far end of a link: `server.ts HOST THINK_MS`, until its input ends. */
const [host = '127.0.0.1', thinkMs = '0'] = process.argv.slice(2)
const sandbox = await startSandbox({ host, thinkMs: Number(thinkMs) })
console.log(JSON.stringify(sandbox))
process.stdin.resume()
await once(process.stdin, 'end')
await sandbox.stop()
