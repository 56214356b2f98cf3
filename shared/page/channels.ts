/**
 * Names of every channel of the process boundary, apart from their types so that the preload script needs
 * nothing else. `ipc.ts` says what each carries.
 */
export const CALL_CHANNELS = [
  'app.info',
  'plan.default',
  'plan.check',
  'plan.open',
  'drafts.get',
  'drafts.set',
  'run.start',
  'run.stop',
  'run.current',
  'run.errors',
  'runs.list',
  'runs.get',
  'runs.rename',
  'runs.mark',
  'runs.delete',
  'runs.restore',
  'runs.export',
  'runs.import',
  'runs.compare',
  'probe.start',
  'explain.start',
  'connection.test',
  'secrets.list',
  'secrets.set',
  'secrets.delete',
  'secrets.missing',
  'settings.get',
  'settings.set',
  'places.list',
  'file.save',
  'link.open'
] as const

export const PUSH_CHANNELS = [
  'run.snapshot',
  'run.study',
  'run.end',
  'runs.changed',
  'probe.port',
  'plan.opened',
  'menu.command'
] as const
