/**
 * Where a worker's or child process's entry module is: as source (`electron/engine/engine-worker.ts`, run by Node
 * itself), or bundled under its own name (`out/main/engine-worker.js`), wherever in the bundle the caller ended up.
 * @param module path below `electron/` without its ending, e.g. `engine/engine-worker`
 * @param from address of this very module; given only by tests
 */
export function moduleUrl(module: string, from: string = import.meta.url): URL {
  if (from.endsWith('.ts')) return new URL(`./${module}.ts`, from)
  const folder = new URL('.', from)
  const root = folder.pathname.endsWith('/chunks/') ? new URL('..', folder) : folder
  return new URL(`${module.slice(module.lastIndexOf('/') + 1)}.js`, root)
}
