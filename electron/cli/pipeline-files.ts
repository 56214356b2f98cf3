import { existsSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { PipelineFiles } from './pipeline-options.ts'
import { junitXml, type JunitCase } from '../../shared/report/junit.ts'
import { failedMarkdown } from '../../shared/report/markdown.ts'
import { say } from './output.ts'
import { messageOf } from '../record/run-error.ts'
import { orSay, writeAllAsked } from './write-file.ts'

/** What a command has to tell a pipeline. */
export interface PipelineResult {
  suite: string
  cases: readonly JunitCase[]
  markdown: string
}

/**
 * Writes what was asked for; on GitHub's runners also the job's summary, and an annotation for each failure.
 * @throws {CommandError} when a file cannot be written
 */
export async function writePipelineFiles(options: PipelineFiles, result: PipelineResult): Promise<void> {
  await writeAllAsked([
    { path: options.junit, content: () => junitXml(result.suite, result.cases) },
    { path: options.markdown, content: () => result.markdown }
  ])
  const { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: onGitHub } = process.env
  if (summary !== undefined && summary !== '')
    await orSay(summary, () => appendFile(summary, result.markdown))
  if (onGitHub !== 'true') return
  for (const { name, failure } of result.cases) {
    if (failure !== null)
      process.stderr.write(`::error title=${escapeProperty(name)}::${escapeData(failure)}\n`)
  }
}

/** What a report says of work that could not be done: its suite, and the one case in it. */
export type Reported = Pick<PipelineResult, 'suite'> & Pick<JunitCase, 'group' | 'name'>

/**
 * Does what a command will report on. Where that fails, the files that pipelines read say so: those of the time before
 * must not stand where this one did not take place.
 * @throws what the work throws
 */
export async function orReportFailure<T>(
  options: PipelineFiles & { out?: string },
  { suite, group, name }: Reported,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = messageOf(error)
    const { junit, markdown, out } = options
    const files = { junit: outside(out, junit), markdown: outside(out, markdown) }
    await writePipelineFiles(files, {
      suite,
      cases: [{ group, name, failure }],
      markdown: failedMarkdown(suite, failure)
    }).catch((trouble: unknown) => {
      say(messageOf(trouble))
    })
    throw error
  }
}

/** A new file in the folder of a run that did not come about would make that folder, and keep the next run out of it. */
function outside(folder: string | undefined, file: string | undefined): string | undefined {
  if (folder === undefined || file === undefined || existsSync(file)) return file
  return resolve(file).startsWith(resolve(folder) + sep) ? undefined : file
}

/** Escapes of a workflow command, as GitHub's own toolkit makes them. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
