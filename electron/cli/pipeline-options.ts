import type { Command } from 'commander'

/** Files that pipelines read. */
export interface PipelineFiles {
  junit?: string
  markdown?: string
}

export function pipelineOptions(command: Command): Command {
  return command
    .option('--junit <file>', 'write a JUnit report: a case for each thing that was checked')
    .option(
      '--markdown <file>',
      'write the result as a Markdown table; on GitHub it goes to the summary of the job, too'
    )
}
