/** A step into JSON: a key of an object, or an index of a list. */
export type PathStep = string | number

/** Reads a JSON path as faults and fields write it: `transports[0].auth.user`. */
export function parsePath(path: string): PathStep[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) =>
    index === undefined ? (key ?? '') : Number(index)
  )
}

/** The value at a path, or undefined where the way there does not exist. */
export function valueAt(root: unknown, steps: readonly PathStep[]): unknown {
  let value = root
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PathStep, unknown>)[step]
  }
  return value
}

/**
 * Sets the value at a path in place, making the objects on the way; `undefined` takes the field out.
 * A list entry is replaced, never taken out: that is what removing an entry is for.
 */
export function setValueAt(root: object, steps: readonly PathStep[], value: unknown): void {
  const last = steps.at(-1)
  if (last === undefined) return
  let parent = root as Record<PathStep, unknown>
  for (const step of steps.slice(0, -1)) {
    const next = parent[step]
    if (typeof next !== 'object' || next === null) parent[step] = {}
    parent = parent[step] as Record<PathStep, unknown>
  }
  if (value === undefined && !Array.isArray(parent)) delete parent[last]
  else parent[last] = value
}

/** Whether a path is a field itself or something inside it. */
export function isWithin(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`)
}
