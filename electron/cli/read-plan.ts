import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Plan } from '../../shared/plan/plan.ts'
import type { Fault } from '../../shared/plan/schema-faults.ts'
import { inOneRound, parsePlan } from '../../shared/plan/parse-plan.ts'
import { jsonFaultPlace } from '../../shared/text/json-place.ts'
import { decodeUtf8 } from '../../shared/text/utf8.ts'
import { errorWords } from '../record/run-error.ts'
import { CommandError, EXIT, PlanRefused } from './exit.ts'

/**
 * Reads and validates a plan.
 * @param path a file, or `-` for standard input
 * @param options.oneRound the command sends by a load of its own: how the plan's messages divide into rounds is no fault
 * @throws {PlanRefused} with one line per fault
 * @throws {CommandError} when it cannot be read
 */
export async function readPlan(path: string, options: { oneRound?: boolean } = {}): Promise<Plan> {
  const named = path === '-' ? 'on standard input' : path
  let bytes: Buffer
  try {
    bytes = path === '-' ? await buffer(process.stdin) : await readFile(path)
  } catch (error) {
    throw new CommandError(EXIT.usage, `the plan ${named} cannot be read (${errorWords(error)})`)
  }
  const decoded = decodeUtf8(bytes)
  const refuse = (what: string): never => {
    throw new PlanRefused(`the plan ${named} is ${what}`, [{ path: '', message: what }])
  }
  if (!decoded.ok) return refuse(`${decoded.found}; save it as UTF-8`)
  if (decoded.text.trim() === '') return refuse('empty; "chattermark init" writes a first one')
  let raw: unknown
  try {
    raw = JSON.parse(decoded.text)
  } catch (error) {
    return refuse(`not JSON: it breaks off at ${jsonFaultPlace(decoded.text, error)}`)
  }
  const parsed = parsePlan(options.oneRound === true ? inOneRound(raw) : raw)
  if (parsed.ok) return parsed.plan
  throw new PlanRefused(faultList(named, parsed.faults), parsed.faults)
}

function faultList(named: string, faults: readonly Fault[]): string {
  const head = `the plan ${named} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}; nothing was sent:`
  return [head, ...faults.map(({ path: at, message }) => `  ${at === '' ? 'plan' : at}: ${message}`)].join(
    '\n'
  )
}
