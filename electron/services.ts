import { join } from 'node:path'
import { DEMO_PLAN } from '../shared/demo-plan.ts'
import { parsePlan } from '../shared/plan.ts'
import { summarize } from '../shared/plan-summary.ts'
import type { SecretKeeper, Services, SettingsKeeper } from './api/services.ts'
import { AppRunner } from './engine/app-runner.ts'
import { requireConsent } from './engine/consent.ts'
import { declaredRemote } from './engine/declared-remote.ts'
import { environment } from './engine/environment.ts'
import { explain } from './engine/explain.ts'
import { probe } from './probe/probe.ts'
import type { ForkProcess } from './sandbox/fork.ts'
import { RunFolderHistory } from './store/run-history.ts'

/** How long each port of a probe may stay silent, ms. */
const PROBE_TIMEOUT_MS = 5000

export interface ServicesOptions {
  /** The user's data folder. */
  folder: string
  settings: SettingsKeeper
  secrets: SecretKeeper
  fork?: ForkProcess
}

/** Puts together what the app stands on, for the desktop and for `serve` alike. */
export function createServices({ folder, settings, secrets, fork }: ServicesOptions): Services {
  const forking = fork === undefined ? {} : { fork }
  const keychain = (id: string): Promise<string | null> => secrets.get(id)
  const runsFolder = join(folder, 'runs')
  const { chattermark, electron, ...rest } = environment(0)
  return {
    version: chattermark,
    environment: Object.fromEntries(
      Object.entries({ ...rest, ...(electron === null ? {} : { electron }) }).map(([name, value]) => [
        name,
        String(value)
      ])
    ),
    plans: {
      defaultPlan: () => DEMO_PLAN,
      check: (raw) => {
        const parsed = parsePlan(raw)
        return parsed.ok ? { ok: true, summary: summarize(parsed.plan, declaredRemote()) } : parsed
      }
    },
    runner: new AppRunner({ keychain, runsFolder, ...forking }),
    runs: new RunFolderHistory(runsFolder),
    probe: ({ host, ports, apiUrl }, onPort) =>
      probe({ host, ports, apiUrl, timeoutMs: PROBE_TIMEOUT_MS, onPort }),
    explain: async (plan, consent) => {
      requireConsent(plan, consent)
      return explain(plan, { keychain, ...forking })
    },
    secrets,
    settings
  }
}
