import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../electron/sandbox/sandbox.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { temporaryFolder } from './cli.ts'

/** What an agent needs in its environment for {@link placesPlan}. */
export function placesEnv({ password, apiKey }: Sandbox): Record<string, string> {
  return { SMTP_PASSWORD: password, API_KEY: apiKey }
}

/** Writes a plan of both protocols towards a sandbox, with its secrets as references; gives its file. */
export function placesPlan(
  sandbox: Sandbox,
  load: PlanInput['load'],
  changes: Partial<PlanInput> = {}
): string {
  const plan: PlanInput = {
    schema: 1,
    name: 'places',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load,
    warmupSeconds: 0,
    rounds: 2,
    timeoutSeconds: 10,
    transports: [
      {
        name: 'smtp',
        protocol: 'smtp',
        host: sandbox.host,
        port: sandbox.smtpPort,
        security: 'starttls',
        tls: { caFile: sandbox.caFile, serverName: 'localhost' },
        auth: { method: 'plain', user: sandbox.user, password: { env: 'SMTP_PASSWORD' } }
      },
      {
        name: 'api',
        protocol: 'http',
        provider: 'mailgun',
        url: sandbox.apiUrl,
        domain: sandbox.domain,
        auth: { user: 'api', password: { env: 'API_KEY' } }
      }
    ],
    ...changes
  }
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, JSON.stringify(plan))
  return file
}
