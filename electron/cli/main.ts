#!/usr/bin/env node
import { Command, CommanderError, Help, Option } from 'commander'
import type { CapacityCommand } from './capacity.ts'
import type { DemoCommand } from './demo.ts'
import { CommandError, EXIT } from './exit.ts'
import type { ExplainCommand } from './explain.ts'
import { count, listenPort, positiveNumber, roundTripTime, seconds } from './option-values.ts'
import { guardOutput, say, type Format } from './output.ts'
import { portList } from './port-list.ts'
import type { ProbeCommand } from './probe.ts'
import { rttList } from './rtt-list.ts'
import type { RunCommand } from './run.ts'
import type { SweepCommand } from './sweep.ts'

const program = new Command('chattermark')
  .description('Measures what SMTP’s chattiness costs against an HTTP mail API.')
  .showHelpAfterError('(add --help for what is possible)')
  .exitOverride()
  .configureHelp({
    // That a flag is off until it is named goes without saying.
    optionDescription(option) {
      return option.defaultValue === false
        ? option.description
        : Help.prototype.optionDescription.call(this, option)
    }
  })
  .addHelpText(
    'after',
    `
Examples:
  chattermark demo                          SMTP against the API on the built-in sandbox
  chattermark run plan.json --out result    run a plan, write its record and CSV files
  chattermark report result --html r.html   a report to hand over`
  )

const formatOption = (): Option =>
  new Option('--format <format>', 'text for people, json for programs')
    .choices(['text', 'json'])
    .default('text')

interface FormatOption {
  format: Format
}

function safetyOptions(command: Command): Command {
  return command
    .option('--remote', 'allow targets that are not on this machine', false)
    .option('--real-recipients', 'allow recipients that may be real mailboxes', false)
    .option('--max-messages <n>', 'hard stop: never send more than this to a remote target', count, 10_000)
}

function runOptions(command: Command): Command {
  return command
    .option('--out <dir>', 'folder for the run’s files; without it the run goes to the history')
    .option('--sends', 'also write every single send to sends.csv', false)
    .option('--force', 'overwrite an earlier run in --out', false)
    .option('--workers <n>', 'worker threads; by default one core is left free', count)
    .addOption(formatOption())
}

runOptions(program.command('demo'))
  .description('SMTP against the HTTP API on the built-in sandbox, no set-up at all')
  .option('--rtt <ms>', 'emulated round-trip time, instead of the 20 ms of the demo’s plan', roundTripTime)
  .addHelpText('after', '\nExamples:\n  chattermark demo\n  chattermark demo --rtt 80 --out demo-80')
  .action(async (options: DemoCommand) => {
    const { demo } = await import('./demo.ts')
    process.exitCode = await demo(options)
  })

safetyOptions(runOptions(program.command('run').argument('<plan>', 'a plan, JSON')))
  .description('run a plan')
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark run plan.json\n  chattermark run plan.json --out result --sends --format json'
  )
  .action(async (plan: string, options: RunCommand) => {
    const { run } = await import('./run.ts')
    process.exitCode = await run(plan, options)
  })

program
  .command('report')
  .description('export a run')
  .argument('<run>', 'a run folder, a run.json, or an id of the history')
  .option('--csv <dir>', 'write the CSV tables to this folder')
  .option('--html <file>', 'write a self-contained HTML report')
  .option('--hgrm <file>', 'write HdrHistogram percentile text, one file per transport')
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark report result\n  chattermark report result --csv tables --html report.html'
  )
  .action(async (run: string, options: FormatOption & { csv?: string; html?: string; hgrm?: string }) => {
    const { report } = await import('./report.ts')
    await report(run, options)
  })

program
  .command('compare')
  .description('two runs side by side, with intervals')
  .argument('<run>', 'a run folder, a run.json, or an id of the history')
  .argument('<other>', 'the run to compare it with')
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark compare before after')
  .action(async (a: string, b: string, options: FormatOption) => {
    const { compare } = await import('./compare.ts')
    await compare(a, b, options)
  })

program
  .command('sweep')
  .description('a plan at several round-trip times: turns fitted beside turns counted')
  .argument('[plan]', 'a plan, JSON; without it the ladder from many turns to few, on the built-in sandbox')
  .addOption(
    new Option('--rtt <list>', 'round-trip times to emulate, ms')
      .argParser(rttList)
      .default([0, 20, 50, 100], '0,20,50,100')
  )
  .option('--csv <file>', 'write sweep.csv to this file')
  .option('--out <dir>', 'folder for sweep.json, sweep.csv and the run of each round-trip time')
  .option('--force', 'overwrite an earlier sweep in --out', false)
  .option('--workers <n>', 'worker threads; by default one core is left free', count)
  .option('--remote', 'allow targets that are not on this machine', false)
  .option('--real-recipients', 'allow recipients that may be real mailboxes', false)
  .option('--max-messages <n>', 'hard stop: never send more than this to a remote target', count, 10_000)
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark sweep\n  chattermark sweep plan.json --rtt 0,40,80 --csv sweep.csv'
  )
  .action(async (plan: string | undefined, options: SweepCommand) => {
    const { sweep } = await import('./sweep.ts')
    process.exitCode = await sweep(plan, options)
  })

safetyOptions(
  program.command('capacity').argument('<plan>', 'a plan, JSON; its load gives way to the search')
)
  .description('the highest rate that each transport keeps within objectives')
  .requiredOption(
    '--slo <objective>',
    'what must hold, like "response.p99 < 500", "failed == 0", "rejected/sent < 0.01"; may be repeated',
    (objective: string, before: string[] | undefined) => [...(before ?? []), objective]
  )
  .option('--hold <seconds>', 'how long each rate is held, after the plan’s warm-up', positiveNumber, 10)
  .option('--precision <percent>', 'how closely the limit is found', positiveNumber, 2)
  .option('--start-rate <n>', 'first rate to try, messages per second', positiveNumber, 10)
  .option('--max-rate <n>', 'highest rate to try, messages per second', positiveNumber, 100_000)
  .option('--cool-down <seconds>', 'pause after a step that failed', seconds, 2)
  .option('--concurrency <n>', 'messages in flight at most; by default as the plan’s load says', count)
  .option('--csv <file>', 'write the steps to this file')
  .option('--html <file>', 'write the curves and the steps as a self-contained page')
  .option('--out <file>', 'write the record to this file, JSON')
  .option('--workers <n>', 'worker threads; by default one core is left free', count)
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark capacity plan.json --slo "response.p99 < 500"\n  chattermark capacity plan.json --slo "response.p99 < 500" --slo "failed == 0" --hold 30 --html capacity.html'
  )
  .action(async (plan: string, options: CapacityCommand) => {
    const { capacity } = await import('./capacity.ts')
    process.exitCode = await capacity(plan, options)
  })

program
  .command('explain')
  .description('one message per transport: what was said and when, every turn numbered')
  .argument('<plan>', 'a plan, JSON')
  .option('--transport <name>', 'only this one')
  .option('--remote', 'allow targets that are not on this machine', false)
  .option('--real-recipients', 'allow recipients that may be real mailboxes', false)
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark explain plan.json --transport smtp-587-cold')
  .action(async (plan: string, options: ExplainCommand) => {
    const { explain } = await import('./explain.ts')
    process.exitCode = await explain(plan, options)
  })

program
  .command('probe')
  .description('which ports of a host answer, what they offer, which to use and why; nothing is sent')
  .argument('<host>', 'name or address of a mail host')
  .addOption(
    new Option('--ports <list>', 'ports to try')
      .argParser(portList)
      .default([25, 465, 587, 2525], '25,465,587,2525')
  )
  .option('--api <url>', 'look at an HTTP API as well')
  .option('--mx <domain>', 'look at port 25 of the domain’s mail exchangers as well')
  .option('--timeout <ms>', 'limit for each port', positiveNumber, 10_000)
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark probe smtp.example.com\n  chattermark probe localhost --ports 587,465 --format json'
  )
  .action(async (host: string, options: ProbeCommand) => {
    const { probe } = await import('./probe.ts')
    process.exitCode = await probe(host, options)
  })

const runs = program
  .command('runs')
  .description('the history: past runs, also shown by the app')
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark runs list\n  chattermark runs rename 20261123-140259-1f3a "before the migration"\n  chattermark runs export 20261123-140259-1f3a run.html'
  )
const historyCommand = (name: string, description: string): Command =>
  runs.command(name).description(description).addOption(formatOption())

historyCommand('list', 'all runs, newest first').action(async (options: FormatOption) => {
  const { listRuns } = await import('./runs.ts')
  await listRuns(options)
})
historyCommand('show', 'a run’s result')
  .argument('<id>', 'id of a run')
  .action(async (id: string, options: FormatOption) => {
    const { showRun } = await import('./runs.ts')
    await showRun(id, options)
  })
historyCommand('rename', 'give a run another name')
  .argument('<id>', 'id of a run')
  .argument('<name>', 'its new name')
  .action(async (id: string, name: string, options: FormatOption) => {
    const { renameRun } = await import('./runs.ts')
    await renameRun(id, name, options)
  })
historyCommand('delete', 'delete a run for good')
  .argument('<id>', 'id of a run')
  .action(async (id: string, options: FormatOption) => {
    const { deleteRun } = await import('./runs.ts')
    await deleteRun(id, options)
  })
historyCommand('import', 'take a run.json into the history')
  .argument('<file>', 'the run.json of a run')
  .action(async (file: string, options: FormatOption) => {
    const { importRun } = await import('./runs.ts')
    await importRun(file, options)
  })
historyCommand('export', 'write a run to a file')
  .argument('<id>', 'id of a run')
  .argument(
    '<file>',
    'its ending chooses the format: .json, .html, .csv.zip, .hgrm (one file per transport), .summary.csv, ...'
  )
  .action(async (id: string, file: string, options: FormatOption) => {
    const { exportRun } = await import('./runs.ts')
    await exportRun(id, file, options)
  })

program
  .command('sandbox')
  .description('the built-in SMTP and HTTP servers, until Ctrl-C')
  .option('--rtt <ms>', 'emulated round-trip time', roundTripTime, 0)
  .option('--smtp-port <n>', 'port of SMTP with STARTTLS; a free one by default', listenPort)
  .option('--api-port <n>', 'port of the HTTP API; a free one by default', listenPort)
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark sandbox --rtt 40 --smtp-port 5870 --api-port 8080')
  .action(async (options: FormatOption & { rtt: number; smtpPort?: number; apiPort?: number }) => {
    const { sandbox } = await import('./sandbox.ts')
    await sandbox(options)
  })

program
  .command('serve')
  .description('the app in a browser, for a machine without a display')
  .addOption(new Option('--port <n>', 'port on 127.0.0.1').argParser(listenPort).default(0, 'any free one'))
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark serve --port 8700')
  .action(async (options: FormatOption & { port: number }) => {
    const { serve } = await import('./serve.ts')
    await serve(options)
  })

guardOutput()
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else if (error instanceof CommandError) {
    say(`chattermark: ${error.message}`)
    process.exitCode = error.exitCode
  } else {
    say(`chattermark: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = EXIT.couldNotRun
  }
}
