import { z } from 'zod'
import { didYouMean } from '../text/did-you-mean.ts'

/** One thing wrong with a plan. `path` is the JSON path of the field; empty for the plan itself. */
export interface Fault {
  path: string
  message: string
}

/** Every fault of an input in words: the path, what was found there and what is allowed. */
export function schemaFaults(
  schema: z.core.$ZodType,
  input: unknown,
  issues: readonly z.core.$ZodIssue[]
): Fault[] {
  return issues.flatMap((issue, index): Fault[] => {
    // A field beyond two limits is told of the narrower one, which its schema states last.
    if (issues.slice(index + 1).some((later) => isSameBound(issue, later))) return []
    const path = jsonPath(issue.path)
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeysAt(schema, issue.path, input)
      return issue.keys.map((key) => ({
        path: jsonPath([...issue.path, key]),
        message: `unknown field${didYouMean(key, known)}`
      }))
    }
    const value = valueAt(input, issue.path)
    return [{ path, message: `found ${show(value, issue.path)}; allowed: ${allowed(issue, value)}` }]
  })
}

function isSameBound(a: z.core.$ZodIssue, b: z.core.$ZodIssue): boolean {
  const isBound = a.code === 'too_big' || a.code === 'too_small'
  return isBound && a.code === b.code && jsonPath(a.path) === jsonPath(b.path)
}

/** Says in words what a field takes, from the rule that it broke. */
function allowed(issue: z.core.$ZodIssue, value: unknown): string {
  const required = value === undefined ? '; the field is required' : ''
  switch (issue.code) {
    case 'invalid_type':
      return typeName(issue.expected) + required
    case 'invalid_value':
      return choices(issue.values, value) + required
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum)
    case 'invalid_union':
      return (
        ('options' in issue && Array.isArray(issue.options) ? choices(issue.options, value) : issue.message) +
        required
      )
    default:
      return issue.message
  }
}

function choices(values: readonly unknown[], found: unknown): string {
  const words = values.filter((value) => typeof value === 'string')
  const near = typeof found === 'string' ? didYouMean(found, words) : ''
  return values.map((value) => JSON.stringify(value)).join(', ') + near
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin !== 'array' && origin !== 'string') return `${relation} ${String(limit)}`
  const [one, many] = origin === 'array' ? ['entry', 'entries'] : ['character', 'characters']
  return `${relation} ${String(limit)} ${Number(limit) === 1 ? one : many}`
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'a text',
  boolean: 'true or false'
}

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? `a ${expected}`
}

/** Shows what was found, short; never what may be a secret. */
function show(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'nothing'
  if (path.includes('password')) return 'something else'
  if (typeof value === 'string') {
    if (value.length > 40) return `a text of ${value.length} characters`
    return JSON.stringify(value.replace(/\/\/[^/@]*@/, '//***@'))
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value)
}

/** `transports[0].auth.user`. */
export function jsonPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? String(part) : `.${String(part)}`
  }
  return text
}

/** The value at a path; undefined where the input has another shape. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

/** The fields that the schema knows at a path, found by walking the schema beside the input. */
function knownKeysAt(root: z.core.$ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  let schema: z.core.$ZodType | undefined = root
  path.forEach((part, depth) => {
    schema =
      typeof part === 'number'
        ? arrayElement(schema)
        : objectShape(schema, valueAt(input, path.slice(0, depth)))?.[String(part)]
  })
  return Object.keys(objectShape(schema, valueAt(input, path)) ?? {})
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let current = schema
  while (
    current instanceof z.ZodDefault ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodNullable ||
    current instanceof z.ZodOptional
  ) {
    current = current.def.innerType
  }
  return current
}

function arrayElement(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const inner = unwrap(schema)
  return inner instanceof z.ZodArray ? inner.def.element : undefined
}

function objectShape(
  schema: z.core.$ZodType | undefined,
  value: unknown
): Record<string, z.core.$ZodType> | undefined {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject) return inner.def.shape
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return undefined
  const key = inner.def.discriminator
  const tag = valueAt(value, [key])
  for (const option of inner.def.options) {
    const shape = objectShape(option, value)
    const literal = shape?.[key]
    if (literal instanceof z.ZodLiteral && literal.def.values.some((value) => value === tag)) return shape
  }
  return undefined
}
