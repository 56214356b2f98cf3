import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createInterface, type Interface } from 'node:readline/promises'
import { isLoopbackHost } from '../../shared/plan/loopback.ts'
import { MAILBOX, SENDER } from '../../shared/plan/mailbox.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { Plan, PlanInput } from '../../shared/plan/plan.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import { summarize } from '../../shared/plan/plan-summary.ts'
import { PROVIDER_IDS, type ProviderId } from '../../shared/providers/ids.ts'
import { isTemplated, providerOf } from '../../shared/providers/index.ts'
import { didYouMean } from '../../shared/text/did-you-mean.ts'
import { listed } from '../../shared/text/format.ts'
import { errorWords } from '../record/run-error.ts'
import { CommandError, EXIT } from './exit.ts'
import { isHttpAddress } from './option-values.ts'
import { say } from './output.ts'

export interface InitCommand {
  provider?: string
  host?: string
  url?: string
  from?: string
  to?: string
  messages?: number
  force: boolean
}

type Provider = ProviderId | 'sandbox'

/** One thing to know before a plan can be written. */
interface Question {
  option: string
  text: string
  /** What an empty answer means; null where there is no usual one. */
  usual: string | null
  /** What is wrong with an answer, or null. */
  fault: (answer: string) => string | null
}

const PROVIDERS = ['sandbox', ...PROVIDER_IDS]
/** More rounds make narrower intervals; each has a message at least. */
const ROUNDS = 6

/**
 * `chattermark init [FILE]`: writes a first plan, by a few questions in a terminal, by the options and the usual answers
 * elsewhere.
 * @throws {CommandError} when there is such a file, or an answer cannot be used
 */
export async function init(file: string, options: InitCommand): Promise<void> {
  if (!options.force && existsSync(file)) {
    throw new CommandError(EXIT.usage, `there is a ${file} already; name another file, or add --force`)
  }
  const input = await answered(options)
  const parsed = parsePlan(input)
  if (!parsed.ok) {
    throw new CommandError(
      EXIT.usage,
      parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('\n')
    )
  }
  try {
    await writeFile(file, `${JSON.stringify(input, null, 2)}\n`, { flag: options.force ? 'w' : 'wx' })
  } catch (error) {
    throw new CommandError(EXIT.couldNotRun, `${file} cannot be written (${errorWords(error)})`)
  }
  say([`wrote ${file}`, ...nextSteps(file, parsed.plan)].join('\n'))
}

/** What stands between a fresh plan and its first run. */
function nextSteps(file: string, plan: Plan): string[] {
  const { remote, secrets, realRecipients, realSender } = summarize(plan)
  const variables = plan.transports.flatMap(({ auth }) =>
    auth !== null && 'env' in auth.password ? [auth.password.env] : []
  )
  const flags = [
    ...(remote.length > 0 ? ['--remote'] : []),
    ...(realRecipients.length > 0 || realSender !== null ? ['--real-recipients'] : []),
    ...(secrets.length > 0 ? ['--allow-secrets'] : [])
  ]
  const usesSandbox = plan.transports.some(({ auth }) => auth !== null && 'secret' in auth.password)
  return [
    ...(usesSandbox
      ? [
          'The sandbox’s login, for plans of your own: user "sandbox" ("api" at the API), password { "secret": "sandbox" }.'
        ]
      : []),
    ...(variables.length > 0
      ? [`first: set the environment variables ${listed([...new Set(variables)])}`]
      : []),
    `next: chattermark validate ${file}, which says what would be sent to whom`,
    `then: ${['chattermark run', file, '--out result', ...flags].join(' ')}`
  ]
}

async function answered(options: InitCommand): Promise<PlanInput> {
  const asks = process.stdin.isTTY && process.stderr.isTTY
  const terminal = asks ? createInterface({ input: process.stdin, output: process.stderr }) : null
  const ask = (question: Question, given: string | undefined): Promise<string> =>
    answerTo(question, given, terminal)
  try {
    const provider = (await ask(
      {
        option: '--provider',
        text: `Which provider? ${PROVIDERS.join(', ')}`,
        usual: 'sandbox',
        fault: (name) =>
          PROVIDERS.includes(name)
            ? null
            : `found "${name}"; allowed: ${PROVIDERS.join(', ')}${didYouMean(name, PROVIDERS)}`
      },
      options.provider
    )) as Provider
    const { smtp, http } = provider === 'sandbox' ? { smtp: null, http: null } : providerOf(provider)
    const host =
      smtp === null || (smtp.hosts.length > 0 && options.host === undefined)
        ? null
        : await ask(
            { option: '--host', text: 'At which SMTP host?', usual: null, fault: () => null },
            options.host
          )
    const url =
      http === null || (http.urls.length > 0 && options.url === undefined)
        ? null
        : await ask(
            {
              option: '--url',
              text: 'At which address of the API?',
              usual: null,
              fault: (text) =>
                isHttpAddress(text) ? null : `found "${text}"; needed is a URL like https://api.example.com`
            },
            options.url
          )
    const from = await ask(
      { option: '--from', text: 'Who sends?', usual: 'bench@example.com', fault: mailboxFault(SENDER) },
      options.from
    )
    const to = await ask(
      {
        option: '--to',
        text: 'To whom? (a sink, or your own mailbox)',
        usual: 'sink@example.com',
        fault: mailboxFault(MAILBOX)
      },
      options.to
    )
    const messages = Number(
      await ask(
        {
          option: '--messages',
          text: 'How many messages over each way?',
          usual: '600',
          fault: (text) =>
            /^[1-9]\d*$/.test(text) ? null : `found "${text}"; needed is a whole number, 1 or more`
        },
        options.messages === undefined ? undefined : String(options.messages)
      )
    )
    return firstPlan({ provider, host, url, from, to, messages })
  } finally {
    terminal?.close()
  }
}

function mailboxFault(allowed: RegExp): Question['fault'] {
  return (text) =>
    allowed.test(text) ? null : `found "${text}"; needed is one mailbox like bench@example.com`
}

/** @throws {CommandError} when there is nobody to ask once more */
async function answerTo(
  { option, text, usual, fault }: Question,
  given: string | undefined,
  terminal: Interface | null
): Promise<string> {
  const known = given ?? (terminal === null ? usual : null)
  if (known !== null) {
    const wrong = fault(known)
    if (wrong !== null) throw new CommandError(EXIT.usage, `${option}: ${wrong}`)
    return known
  }
  if (terminal === null) {
    throw new CommandError(EXIT.usage, `${option} is needed for this provider: ${text}`)
  }
  for (;;) {
    const answer = (await terminal.question(`${text}${usual === null ? '' : ` [${usual}]`} `)).trim()
    const meant = answer === '' ? usual : answer
    const wrong = meant === null ? 'an answer is needed' : fault(meant)
    if (wrong === null && meant !== null) return meant
    say(wrong ?? '')
  }
}

/** What a first plan is made of. */
interface Answers {
  provider: Provider
  /** Where the provider's preset does not say it. */
  host: string | null
  url: string | null
  from: string
  to: string
  messages: number
}

function firstPlan(answers: Answers): PlanInput {
  const { provider, from, to, messages } = answers
  return {
    schema: 1,
    name: nameOf(answers),
    message: { from, to: [to], sizeBytes: 2048 },
    load: { model: 'closed', concurrency: 10, messages },
    rounds: Math.min(ROUNDS, messages),
    transports: provider === 'sandbox' ? sandboxTransports() : providerTransports(provider, answers),
    ...(provider === 'sandbox' ? { emulate: { rttMs: 20 } } : {})
  }
}

function nameOf({ provider, host }: Answers): string {
  if (provider === 'sandbox') return 'SMTP against the API'
  return isTemplated(provider) ? `SMTP at ${host ?? ''}` : `SMTP against the API of ${provider}`
}

function sandboxTransports(): PlanInput['transports'] {
  return [
    { name: 'smtp-new', ...SANDBOX_SUBMISSION, messagesPerConnection: 1 },
    { name: 'smtp-kept', ...SANDBOX_SUBMISSION },
    { name: 'api-kept', ...SANDBOX_API }
  ]
}

/** Every secret is read from the environment: a plan can be shared. A server on this machine needs none. */
function providerTransports(provider: ProviderId, { host, url, from }: Answers): PlanInput['transports'] {
  const { smtp, http } = providerOf(provider)
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const isHere = isLoopbackHost(host ?? smtp?.hosts[0]?.host ?? '')
  const found: PlanInput['transports'] = []
  if (smtp !== null) {
    const auth = { user: smtp.user ?? from, password: { env: 'SMTP_PASSWORD' } }
    found.push({
      ...{ name: 'smtp-kept', protocol: 'smtp', provider },
      ...(host === null ? {} : { host, ...smtp.ports[0] }),
      ...(isHere ? {} : { auth })
    } as PlanInput['transports'][number])
  }
  if (http !== null) {
    const auth = { ...(http.user === null ? {} : { user: http.user }), password: { env: 'API_KEY' } }
    found.push({
      ...{ name: 'api-kept', protocol: 'http', provider, domain },
      ...(url === null ? {} : { url }),
      ...(isHere ? {} : { auth })
    } as PlanInput['transports'][number])
  }
  return found
}
