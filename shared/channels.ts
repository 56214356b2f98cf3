/**
 * Names of every channel of the process boundary, apart from their types so that the preload script needs
 * nothing else. `ipc.ts` says what each carries.
 */
export const CALL_CHANNELS = [
  'app.info',
  'plan.default',
  'plan.check',
  'plan.open',
  'run.start',
  'run.stop',
  'run.current',
  'runs.list',
  'runs.get',
  'runs.rename',
  'runs.delete',
  'runs.restore',
  'runs.export',
  'runs.import',
  'runs.compare',
  'probe.start',
  'explain.start',
  'secrets.list',
  'secrets.set',
  'secrets.delete',
  'settings.get',
  'settings.set',
  'file.save',
  'link.open'
] as const

export const PUSH_CHANNELS = ['run.snapshot', 'run.end', 'probe.port', 'plan.opened', 'menu.command'] as const
