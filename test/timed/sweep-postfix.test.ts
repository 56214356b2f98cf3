import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'
import { expectTable, type Row } from '../support/fitted-turns.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'

describe('the fitted slope is the table of turns on real Postfix', { timeout: 300_000 }, () => {
  let postfix: Postfix
  beforeAll(async () => {
    postfix = await startPostfix()
  })
  afterAll(() => postfix.stop())

  test('for every row that it offers', async () => {
    const caFile = join(temporaryFolder(), 'ca.pem')
    writeFileSync(caFile, postfix.caPem)
    const plain = {
      name: '',
      protocol: 'smtp',
      host: '127.0.0.1',
      port: postfix.port,
      security: 'none'
    } as const
    const starttls = { ...plain, security: 'starttls', tls: { caFile, verify: false } } as const
    const table: Record<string, Row> = {
      'plain-cold': { turns: 7, transport: { ...plain, messagesPerConnection: 1, pipelining: 'off' } },
      'plain-cold-pipelined': { turns: 5, transport: { ...plain, messagesPerConnection: 1 } },
      'plain-cold-chunked': {
        turns: 4,
        transport: { ...plain, messagesPerConnection: 1, chunking: 'auto' }
      },
      // As the table's row of 587, without the turn of AUTH, which this Postfix does not offer.
      'starttls-cold-pipelined': { turns: 8, transport: { ...starttls, messagesPerConnection: 1 } },
      kept: { turns: 4, transport: { ...plain, pipelining: 'off' } },
      'kept-pipelined': { turns: 2, transport: plain },
      'kept-chunked': { turns: 1, transport: { ...plain, chunking: 'auto' } },
      'kept-overlapped': { turns: 1, transport: { ...starttls, overlap: true } }
    }
    await expectTable(table)
  })
})
