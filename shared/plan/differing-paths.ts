/** JSON paths at which two values of JSON are not the same: `load.rate`, `transports.0.port`. */
export function differingPaths(a: unknown, b: unknown, path = ''): string[] {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b) ? [] : [path]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differingPaths(a[key], b[key], path === '' ? key : `${path}.${key}`)
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
