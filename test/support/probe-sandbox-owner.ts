import { startSandbox } from '../../electron/sandbox/sandbox.ts'

// A process that owns a sandbox and does nothing else, for a test to kill.
const sandbox = await startSandbox()
process.send?.({ port: sandbox.smtpPort, caFile: sandbox.caFile })
