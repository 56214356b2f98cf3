import { inOneRound, parsePlan } from '../../shared/plan/parse-plan.ts'
import type { CallArgs, CallChannel, CallResults, PushChannel, Pushes } from '../../shared/page/ipc.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { missingSecret } from './missing-secret.ts'
import { ApiError, type Host, type Services } from './services.ts'

/** One function per call of the map, its arguments parsed already. */
export type Handlers = {
  [C in CallChannel]: (...args: CallArgs<C>) => CallResults[C] | Promise<CallResults[C]>
}

/** Tells every listener of a push. */
export type Publish = <C extends PushChannel>(channel: C, payload: Pushes[C]) => void

/** What answers each call: the services, or the page's surroundings. */
export function createHandlers(services: Services, host: Host, publish: Publish): Handlers {
  const { plans, runner, runs, secrets, settings } = services
  /** Whoever shows the history hears that it is another one now. */
  const changed = async <T>(edit: Promise<T>): Promise<T> => {
    const result = await edit
    publish('runs.changed', null)
    return result
  }
  return {
    'app.info': async () => ({
      version: services.version,
      mode: host.mode,
      platform: process.platform,
      keychain: await secrets.available(),
      environment: services.environment
    }),
    'plan.default': () => plans.defaultPlan(),
    'plan.check': (raw, study) => plans.check(raw, study),
    'plan.open': () => host.openPlan(),
    'drafts.get': () => services.drafts.get(),
    'drafts.set': (drafts) => done(services.drafts.set(drafts)),
    'run.start': (raw, consent, study, places) => runner.start(raw, consent, study, places),
    'run.stop': () => done(runner.stop()),
    'run.current': () => runner.current(),
    'run.errors': () => runner.errors(),
    'runs.list': () => runs.list(),
    'runs.get': (id) => runs.get(id),
    'runs.rename': (id, name) => done(changed(runs.rename(id, name))),
    'runs.mark': (id, mark) => done(changed(runs.mark(id, mark))),
    'runs.delete': (id) => done(changed(runs.delete(id))),
    'runs.restore': (id) => done(changed(runs.restore(id))),
    'runs.export': (id, format) => runs.export(id, format),
    'runs.import': (text) => changed(runs.import(text)),
    'runs.compare': (a, b, pairs) => runs.compare(a, b, pairs),
    'probe.start': (target) =>
      services.probe(target, (port) => {
        publish('probe.port', port)
      }),
    'connection.test': (raw, consent) => services.test(planOf(inOneRound(raw)), consent),
    'explain.start': (raw, consent) => services.explain(planOf(inOneRound(raw)), consent),
    'secrets.list': () => secrets.list(),
    'secrets.set': (id, secret, host) => done(secrets.set(id, secret, host ?? undefined)),
    'secrets.delete': (id) => done(secrets.delete(id)),
    'secrets.missing': missingSecret,
    'settings.get': () => settings.get(),
    'settings.set': (value) => done(settings.set(value)),
    'places.list': () => services.places(),
    'file.save': ({ fileName, base64 }) => host.saveFile(fileName, Buffer.from(base64, 'base64')),
    'link.open': (url) => done(host.openLink(url))
  }
}

/** @throws {ApiError} that names every fault */
function planOf(raw: unknown): Plan {
  const result = parsePlan(raw)
  if (result.ok) return result.plan
  const faults = result.faults.map((fault) => `${fault.path || 'plan'}: ${fault.message}`)
  throw new ApiError(`The plan is not valid. ${faults.join('; ')}`, 'Mend the plan, then ask again.')
}

/** For calls whose only news is that they worked. */
async function done(work: Promise<void> | void): Promise<null> {
  await work
  return null
}
