import { Command, CommanderError, Help, Option } from 'commander'
import { MAX_CONCURRENCY, MAX_COOL_DOWN_SECONDS, MAX_RATE, MAX_SECONDS } from '../../shared/plan/bounds.ts'
import { PROBED_PORTS } from '../../shared/plan/mail-ports.ts'
import type { AgentCommand } from './agent.ts'
import type { CapacityCommand } from './capacity.ts'
import type { DemoCommand } from './demo.ts'
import { CommandError, EXIT } from './exit.ts'
import type { ExplainCommand } from './explain.ts'
import { productVersion } from '../product-version.ts'
import type { CompareCommand } from './compare.ts'
import type { InitCommand } from './init.ts'
import type { ReceiveCommand } from './receive.ts'
import type { ReportCommand } from './report.ts'
import {
  count,
  csvSeparator,
  httpUrl,
  listenPort,
  localTarget,
  MAX_WAIT_MS,
  positiveNumber,
  roundTripTime,
  sizeList,
  seconds,
  upTo
} from './option-values.ts'
import { guardOutput, say, type Format } from './output.ts'
import { placeOptions, placesOptions, serverOptions } from './places-options.ts'
import { pipelineOptions } from './pipeline-options.ts'
import { portList } from './port-list.ts'
import type { ProbeCommand } from './probe.ts'
import { regressionLimit } from './regression-limit.ts'
import { rttList } from './rtt-list.ts'
import type { RunCommand } from './run.ts'
import type { SandboxCommand } from './sandbox.ts'
import type { SweepCommand } from './sweep.ts'

const program = new Command('chattermark')
  .description('Measures what SMTP’s chattiness costs against an HTTP mail API.')
  .version(productVersion(), '-v, --version', 'print the version')
  .showHelpAfterError('(add --help for what is possible)')
  .configureOutput({
    outputError: (text, write) => {
      write(text.replace(/^error: /, 'chattermark: '))
    }
  })
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
    .option('--allow-secrets', 'let the plan’s secrets go to hosts that have not had them before', false)
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

function otlpOption(command: Command): Command {
  return command.option(
    '--otlp <url>',
    'tell a receiver of OTLP over HTTP what is measured, once a second; OTEL_EXPORTER_OTLP_ENDPOINT and its kin do the same',
    httpUrl
  )
}

runOptions(program.command('demo'))
  .description('SMTP against the HTTP API on the built-in sandbox, no set-up at all')
  .option('--rtt <ms>', 'emulated round-trip time, instead of the 20 ms of the demo’s plan', roundTripTime)
  .addHelpText('after', '\nExamples:\n  chattermark demo\n  chattermark demo --rtt 80 --out demo-80')
  .action(async (options: DemoCommand) => {
    const { demo } = await import('./demo.ts')
    process.exitCode = await demo(options)
  })

otlpOption(
  placesOptions(
    pipelineOptions(
      safetyOptions(
        runOptions(program.command('run').argument('<plan>', 'a plan, JSON; - for standard input'))
      )
    )
  )
)
  .description('run a plan')
  .option(
    '--dry-run',
    'say what would be sent to whom, how long it takes and whether this machine can; send nothing',
    false
  )
  .option('--against <name>', 'the transport that the others are compared with; by default the fastest')
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
  .option('--against <name>', 'the transport that the others are compared with; by default the fastest')
  .option(
    '--csv-separator <char>',
    'what stands between cells: "," ";" or "tab"; by default a comma, and ";" beside a decimal comma',
    csvSeparator
  )
  .addOption(new Option('--csv-decimal <char>', 'the decimal sign').choices(['.', ',']).default('.', '"."'))
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark report result\n  chattermark report result --csv tables --html report.html'
  )
  .action(async (run: string, options: ReportCommand) => {
    const { report } = await import('./report.ts')
    await report(run, options)
  })

pipelineOptions(program.command('compare'))
  .description('two runs side by side, with intervals')
  .argument('<run>', 'the old run: a run folder, a run.json, or an id of the history')
  .argument('<other>', 'the new run')
  .option(
    '--max-regression <limit>',
    'end with 1 when the new run is worse than this beyond doubt, or shares no transport: "10%" for every metric, "response.p99=20%" for one; may be repeated',
    regressionLimit
  )
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark compare before after\n  chattermark compare baseline tonight --max-regression 10% --junit compare.xml'
  )
  .action(async (a: string, b: string, options: CompareCommand) => {
    const { compare } = await import('./compare.ts')
    process.exitCode = await compare(a, b, options)
  })

program
  .command('init')
  .description('write a first plan, by a few questions or by these options')
  .argument('[file]', 'the plan to write', 'plan.json')
  .option('--provider <id>', 'sandbox, or a provider that is built in')
  .option('--host <host>', 'its SMTP host, where it is not built in')
  .option('--url <url>', 'the address of its API, where it is not built in', httpUrl)
  .option('--from <mailbox>', 'the sender')
  .option('--to <mailbox>', 'the recipient')
  .option('--messages <n>', 'messages over each way', count)
  .option('--force', 'overwrite the file', false)
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark init\n  chattermark init plan.json --provider mailgun --from bench@example.com'
  )
  .action(async (file: string, options: InitCommand) => {
    const { init } = await import('./init.ts')
    await init(file, options)
  })

program
  .command('validate')
  .description('the faults of a plan, or what it would send to whom; nothing is sent')
  .argument('<plan>', 'a plan, JSON; - for standard input')
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark validate plan.json')
  .action(async (plan: string, options: FormatOption) => {
    const { validate } = await import('./validate.ts')
    process.exitCode = await validate(plan, options)
  })

otlpOption(placeOptions(program.command('sweep')))
  .description(
    'a plan at several round-trip times or with several sizes: turns fitted beside turns counted, and rounds of TCP’s window beside modelled ones'
  )
  .argument('[plan]', 'a plan, JSON; without it the ladder from many turns to few, on the built-in sandbox')
  .addOption(
    new Option(
      '--rtt <list>',
      'round-trip times to emulate, ms; by default 0,20,50,100, with --sizes the plan’s own alone, and with --places those of the places'
    ).argParser(rttList)
  )
  .option(
    '--sizes <list>',
    'sizes of the message, like 2k,20k,100k,1m: what TCP’s window adds, beside what it should, over the RTT as measured or over those of --rtt',
    sizeList
  )
  .option('--csv <file>', 'write sweep.csv to this file')
  .option('--out <dir>', 'folder for sweep.json, sweep.csv and the run of each round-trip time')
  .option('--force', 'overwrite an earlier sweep in --out', false)
  .option('--workers <n>', 'worker threads; by default one core is left free', count)
  .option('--remote', 'allow targets that are not on this machine', false)
  .option('--real-recipients', 'allow recipients that may be real mailboxes', false)
  .option('--allow-secrets', 'let the plan’s secrets go to hosts that have not had them before', false)
  .option('--max-messages <n>', 'hard stop: never send more than this to a remote target', count, 10_000)
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark sweep\n  chattermark sweep plan.json --rtt 0,40,80 --csv sweep.csv\n  chattermark sweep plan.json --sizes 2k,20k,100k,1m\n  chattermark sweep plan.json --rtt 20,60 --sizes 2k,20k,100k,1m'
  )
  .action(async (plan: string | undefined, options: SweepCommand) => {
    const { sweep } = await import('./sweep.ts')
    process.exitCode = await sweep(plan, options)
  })

otlpOption(
  pipelineOptions(
    placeOptions(
      safetyOptions(
        program.command('capacity').argument('<plan>', 'a plan, JSON; its load gives way to the search')
      )
    )
  )
)
  .description('the highest rate that each transport keeps within objectives')
  .requiredOption(
    '--slo <objective>',
    'what must hold, like "response.p99 < 500", "failed == 0", "rejected/sent < 0.01"; may be repeated',
    (objective: string, before: string[] | undefined) => [...(before ?? []), objective]
  )
  .option(
    '--hold <seconds>',
    'how long each rate is held, after the plan’s warm-up',
    upTo(MAX_SECONDS, positiveNumber),
    10
  )
  .option(
    '--confirm <seconds>',
    'how long the rate found is held at the end; 0 leaves it at the short hold',
    upTo(MAX_SECONDS, seconds),
    60
  )
  .option('--repeat <n>', 'how often each transport is searched; the order turns around', count, 1)
  .option('--budget-messages <n>', 'messages that the search may send', count)
  .option('--budget-minutes <n>', 'time that the search may take', positiveNumber)
  .option('--require <n>', 'exit with 1 when a transport keeps less, messages per second', positiveNumber)
  .option('--precision <percent>', 'how closely the limit is found', upTo(100, positiveNumber), 2)
  .option('--start-rate <n>', 'first rate to try, messages per second', upTo(MAX_RATE, positiveNumber), 10)
  .option(
    '--max-rate <n>',
    'highest rate to try, messages per second',
    upTo(MAX_RATE, positiveNumber),
    100_000
  )
  .option('--cool-down <seconds>', 'pause after a step that failed', upTo(MAX_COOL_DOWN_SECONDS, seconds), 2)
  .option(
    '--concurrency <n>',
    'messages in flight at most; by default as the plan’s load says',
    upTo(MAX_CONCURRENCY, count)
  )
  .option('--csv <file>', 'write the steps to this file')
  .option('--html <file>', 'write the curves and the steps as a self-contained page')
  .option('--out <file>', 'write the record to this file, JSON')
  .option('--workers <n>', 'worker threads; by default one core is left free', count)
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nExamples:\n  chattermark capacity plan.json --slo "response.p99 < 500"\n  chattermark capacity plan.json --slo "response.p99 < 500" --slo "failed == 0" --hold 30 --html capacity.html\n  chattermark capacity plan.json --slo "response.p99 < 500" --require 200 --budget-minutes 15'
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
  .option('--allow-secrets', 'let the plan’s secrets go to hosts that have not had them before', false)
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
      .default(PROBED_PORTS, PROBED_PORTS.join())
  )
  .option('--api <url>', 'look at an HTTP API as well')
  .option('--mx <domain>', 'look at port 25 of the domain’s mail exchangers as well')
  .option('--timeout <ms>', 'limit for each wait', upTo(MAX_WAIT_MS, positiveNumber), 10_000)
  .option('--ca <file>', 'PEM file of certificates to trust beside the built-in roots')
  .option('--ehlo-name <name>', 'name to give in EHLO; by default this machine’s own')
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
  .option('--relay <host:port>', 'pass on what it takes, to a mail server on this machine', localTarget)
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark sandbox --rtt 40 --smtp-port 5870 --api-port 8080')
  .action(async (options: SandboxCommand) => {
    const { sandbox } = await import('./sandbox.ts')
    await sandbox(options)
  })

program
  .command('receive')
  .description(
    'a receiver to stand behind an MX or a relay: tells runs when their messages arrive, takes nothing else, until Ctrl-C'
  )
  .option('--port <n>', 'port of SMTP', listenPort, 2525)
  .option('--host <address>', 'address that SMTP listens on', '127.0.0.1')
  .option('--tls', 'offer STARTTLS, with a certificate made for the occasion', false)
  .option('--http <n>', 'port that runs ask at', listenPort, 8025)
  .option('--http-host <address>', 'address that runs ask at', '127.0.0.1')
  .addOption(formatOption())
  .addHelpText(
    'after',
    '\nRuns show a token: CHATTERMARK_RECEIVER_TOKEN, or the one that is made up and printed.\n\nExample:\n  chattermark receive --host 0.0.0.0 --port 25 --tls'
  )
  .action(async (options: ReceiveCommand) => {
    const { receive } = await import('./receive.ts')
    await receive(options)
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

safetyOptions(serverOptions(program.command('agent')).requiredOption('--place <name>', 'name of this place'))
  .description('makes this machine a place: runs what a coordinator asks for, within what is allowed here')
  .option('--workers <n>', 'worker threads; by default one core is left free', count)
  .addHelpText('after', '\nExample:\n  chattermark agent --server nats://10.0.0.1:4222 --place fra --remote')
  .action(async (options: AgentCommand) => {
    const { agent } = await import('./agent.ts')
    await agent(options)
  })

program
  .command('merge')
  .description('finished runs of one plan, each from its place, as one run')
  .argument('<runs...>', 'run folders; their names are the names of the places')
  .option('--out <dir>', 'folder for the merged run’s files')
  .option('--force', 'overwrite an earlier run in --out', false)
  .addOption(formatOption())
  .addHelpText('after', '\nExample:\n  chattermark merge fra iad --out both')
  .action(async (runs: string[], options: FormatOption & { out?: string; force: boolean }) => {
    const { merge } = await import('./merge.ts')
    await merge(runs, options)
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
  } else if (error instanceof Error && error.name === 'StoppedEarly') {
    // Known by its name: its file belongs to what is loaded only when something is run.
    say(`chattermark: ${error.message}`)
    // What was cut may still hold a lookup that nobody can end.
    process.exit(EXIT.interrupted)
  } else {
    say(`chattermark: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = EXIT.couldNotRun
  }
}
