import { isIP } from 'node:net'
import { probe as probeHost } from '../probe/probe.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { print, printJson, type Format } from './output.ts'
import { probeText } from './probe-text.ts'

export interface ProbeCommand {
  ports: number[]
  api?: string
  mx?: string
  timeout: number
  format: Format
}

/** `chattermark probe HOST` */
export async function probe(host: string, options: ProbeCommand): Promise<ExitCode> {
  if (options.api !== undefined && !isHttpAddress(options.api)) {
    throw new CommandError(EXIT.usage, `--api ${options.api}: an http:// or https:// address is needed`)
  }
  for (const name of [host, ...(options.mx === undefined ? [] : [options.mx])]) {
    if (isHostName(name)) continue
    throw new CommandError(
      EXIT.usage,
      `"${name}" is no name or address of a host: leave out scheme, port and path; ports go to --ports`
    )
  }
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort()
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const record = await probeHost({
      host,
      ports: options.ports,
      apiUrl: options.api ?? null,
      mxDomain: options.mx ?? null,
      timeoutMs: options.timeout,
      signal: interrupt.signal
    })
    if (options.format === 'json') printJson(record)
    else print(probeText(record))
    return EXIT.ok
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT.interrupted
    throw error
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function isHostName(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[^\s:/@[\]]+$/.test(text)
}

function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
