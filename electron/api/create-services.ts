import { join } from 'node:path'
import { DEMO_PLAN } from '../../shared/plan/demo-plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { parseStudy } from '../../shared/plan/study.ts'
import { summarizeStudy } from '../../shared/plan/study-summary.ts'
import type { SecretKeeper, Services, SettingsKeeper } from './services.ts'
import { AppRunner } from './app-runner.ts'
import { requireConsent } from './consent.ts'
import { declaredRemote } from './declared-remote.ts'
import { environment } from '../engine/environment.ts'
import type { Keychain } from '../engine/read-secret.ts'
import { KnownSecrets } from '../store/known-secrets.ts'
import type { ConnectionTest, PlanSummary } from '../../shared/page/ipc.ts'
import { explain } from '../engine/explain.ts'
import { prepare } from '../engine/prepare.ts'
import { readCa } from '../engine/read-ca.ts'
import { probe } from '../probe/probe.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { openDrafts } from '../store/drafts-file.ts'
import type { ServerOptions } from '../places/server.ts'
import { orMessage } from './or-message.ts'
import { listAgents, serverOptions } from './list-agents.ts'
import { RunFolderHistory } from './run-history.ts'

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
  const keychain: Keychain = (id, host) => secrets.get(id, host)
  const known = new KnownSecrets(folder)
  /** Only what is to be asked about: secrets that a host has had before are not. */
  const withKnown = (summary: PlanSummary): PlanSummary => ({
    ...summary,
    secrets: summary.secrets.map((secret) => ({ ...secret, isNew: known.unknown([secret]).length > 0 }))
  })
  const runsFolder = join(folder, 'runs')
  const runs = new RunFolderHistory(runsFolder)
  // What cannot be removed now is tried again at the next start.
  void runs.emptyBin().catch(() => undefined)
  const server = (): ServerOptions | null => {
    const { server: set = null } = settings.get()
    return set === null ? null : serverOptions(set)
  }
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
      check: (raw, rawStudy) => {
        const parsed = parsePlan(raw)
        const asked = parseStudy(rawStudy)
        if (parsed.ok && asked.ok)
          return { ok: true, summary: withKnown(summarizeStudy(parsed.plan, asked.study, declaredRemote())) }
        return {
          ok: false,
          faults: [...(parsed.ok ? [] : parsed.faults), ...(asked.ok ? [] : asked.faults)]
        }
      }
    },
    runner: new AppRunner({ keychain, known, runsFolder, server, fork }),
    places: () => listAgents(server()),
    runs,
    probe: async ({ caFile, ...target }, onPort) =>
      probe({
        ...target,
        caPem: caFile === null ? null : await readCa(caFile, 'CA file'),
        timeoutMs: PROBE_TIMEOUT_MS,
        onPort
      }),
    explain: async (plan, consent) => {
      requireConsent(plan, consent, known)
      return explain(plan, { keychain, fork })
    },
    test: async (plan, consent) => {
      requireConsent(plan, consent, known)
      return orMessage<ConnectionTest>(async () => {
        const prepared = await prepare(plan, { keychain, fork })
        await prepared.close()
        const [start] = prepared.starts
        const connectMs = (start?.leastConnectUs ?? Infinity) / 1000
        return {
          ok: true,
          connectMs: Number.isFinite(connectMs) ? connectMs : null,
          observed: start?.observed ?? null
        }
      })
    },
    secrets,
    settings,
    drafts: openDrafts(folder)
  }
}
