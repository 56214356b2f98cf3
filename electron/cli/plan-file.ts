import { readFile } from 'node:fs/promises'
import { parsePlan, type Fault, type Plan } from '../../shared/plan.ts'
import { errorCode } from '../engine/secrets.ts'
import { CommandError, EXIT } from './exit.ts'

/**
 * Reads and validates a plan.
 * @throws {CommandError} with one line per fault
 */
export async function readPlan(path: string): Promise<Plan> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new CommandError(EXIT.usage, `the plan ${path} cannot be read (${errorCode(error)})`)
  }
  let raw: unknown
  try {
    // Editors on Windows put a byte order mark in front, which RFC 8259 lets a reader ignore.
    raw = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new CommandError(EXIT.usage, `the plan ${path} is not JSON: ${(error as Error).message}`)
  }
  const parsed = parsePlan(raw)
  if (parsed.ok) return parsed.plan
  throw new CommandError(EXIT.usage, faultList(path, parsed.faults))
}

function faultList(path: string, faults: readonly Fault[]): string {
  const head = `the plan ${path} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}; nothing was sent:`
  return [head, ...faults.map(({ path: at, message }) => `  ${at === '' ? 'plan' : at}: ${message}`)].join(
    '\n'
  )
}
