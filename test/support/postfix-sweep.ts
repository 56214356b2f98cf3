import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LADDER_PLAN } from '../../shared/plan/ladder-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { finished, startCli, temporaryFolder } from './cli.ts'
import { startPostfix } from './postfix.ts'

// `node test/support/postfix-sweep.ts --rtt 0,20,40,100,200`: the ladder of turns against a real Postfix, which is
// started for it on loopback. What is given is handed on to `chattermark sweep`.
const postfix = await startPostfix()
try {
  const folder = temporaryFolder()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, postfix.caPem)
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: postfix.port } as const
  const plain = { ...smtp, security: 'none' } as const
  // Its certificate is its own and made out to no name.
  const starttls = { ...smtp, security: 'starttls', tls: { caFile, verify: false } } as const
  const implicit = { ...starttls, port: postfix.tlsPort, security: 'tls' } as const
  const plan: PlanInput = {
    ...LADDER_PLAN,
    name: 'The ladder of turns on Postfix',
    transports: [
      { name: 'starttls-cold', ...starttls, messagesPerConnection: 1, pipelining: 'off' },
      { name: 'tls-cold', ...implicit, messagesPerConnection: 1, pipelining: 'off' },
      {
        ...{ name: 'tls-cold-full', ...implicit, messagesPerConnection: 1, pipelining: 'off' },
        tls: { caFile, verify: false, resume: false }
      },
      { name: 'plain-cold', ...plain, messagesPerConnection: 1, pipelining: 'off' },
      { name: 'plain-cold-pipelined', ...plain, messagesPerConnection: 1 },
      { name: 'plain-cold-chunked', ...plain, messagesPerConnection: 1, chunking: 'auto' },
      { name: 'kept', ...plain, pipelining: 'off' },
      { name: 'kept-pipelined', ...plain },
      { name: 'kept-chunked', ...plain, chunking: 'auto' },
      { name: 'kept-overlapped', ...plain, overlap: true }
    ]
  }
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify(plan))
  const { exitCode, stdout, stderr } = await finished(startCli(['sweep', file, ...process.argv.slice(2)]))
  process.stderr.write(stderr)
  process.stdout.write(stdout)
  process.exitCode = exitCode ?? 1
} finally {
  await postfix.stop()
}
