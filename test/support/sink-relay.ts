import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './cli.ts'
import { freePort } from './free-port.ts'
import { startPostfix, type Postfix } from './postfix.ts'

/** A Postfix that passes everything on to one next hop of this machine. */
export interface CheckedRelay {
  readonly postfix: Postfix
  /** Sets the rules by which messages fare otherwise: lines of a regexp table, header_checks(5). */
  check(lines: readonly string[]): Promise<void>
}

/** A Postfix that passes everything on to a port of this machine. */
export interface SinkRelay extends CheckedRelay {
  readonly sinkPort: number
}

export async function startSinkRelay(sinkPort?: number): Promise<SinkRelay> {
  const port = sinkPort ?? (await freePort())
  return { ...(await startRelay(`smtp:[127.0.0.1]:${port}`)), sinkPort: port }
}

/** @param nextHop as default_transport of postconf(5) has it */
export async function startRelay(nextHop: string): Promise<CheckedRelay> {
  const table = join(temporaryFolder(), 'header_checks')
  const write = (lines: readonly string[]): void => {
    writeFileSync(table, lines.map((line) => `${line}\n`).join(''), { mode: 0o644 })
  }
  write([])
  const postfix = await startPostfix(undefined, {
    virtual_mailbox_domains: '',
    default_transport: nextHop,
    // Copies to two recipients are to travel apart.
    smtp_destination_recipient_limit: '1',
    lmtp_destination_recipient_limit: '1',
    header_checks: `regexp:${table}`,
    // Its first look for a kept connection takes a second, which its log rounds to a tenth.
    smtp_connection_cache_on_demand: 'no',
    delay_logging_resolution_limit: '3'
  })
  return {
    postfix,
    async check(lines) {
      write(lines)
      await postfix.configure({})
    }
  }
}
