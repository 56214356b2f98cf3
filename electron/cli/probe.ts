import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { errorWords } from '../record/run-error.ts'
import { probe as probeHost } from '../probe/probe.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { isHttpAddress } from './option-values.ts'
import { print, printJson, type Format } from './output.ts'
import { untilSignal } from './run-plan.ts'
import { probeText } from './probe-text.ts'

export interface ProbeCommand {
  ports: number[]
  api?: string
  mx?: string
  timeout: number
  ca?: string
  ehloName?: string
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
  const caPem = options.ca === undefined ? null : await readCa(options.ca)
  const record = await untilSignal((signal) =>
    probeHost({
      host,
      ports: options.ports,
      apiUrl: options.api ?? null,
      mxDomain: options.mx ?? null,
      timeoutMs: options.timeout,
      ehloName: options.ehloName ?? null,
      caPem,
      signal
    })
  )
  if (options.format === 'json') printJson(record)
  else print(probeText(record))
  return EXIT.ok
}

/** @throws {CommandError} when there is no certificate to be had from it */
async function readCa(path: string): Promise<string> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch (error) {
    throw new CommandError(EXIT.usage, `--ca ${path}: the file cannot be read (${errorWords(error)})`)
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new CommandError(EXIT.usage, `--ca ${path}: it holds no certificate in PEM`)
  }
  return pem
}

function isHostName(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[^\s:/@[\]]+$/.test(text)
}
