import { counted, duration, listed } from '../text/format.ts'
import type { DeliverySummary, PlanSummary, RemoteTarget } from '../page/ipc.ts'
import { isLocalTarget } from './loopback.ts'
import { canGetBounces, isReserved } from './mailbox.ts'
import { deliveryPlace, hostOf, targetOf } from './plan-target.ts'
import { templateMailboxes } from './recipients.ts'
import { deliverySecrets, secretSummaries } from './secret-summary.ts'
import type { DeliveryPlan, Plan, Transport } from './plan.ts'
import { offeredSends, pieceSeconds, ratePieces } from './rate-pieces.ts'
import { estimatedMessageMs } from './run-estimate.ts'
import { httpSideOf, isSinkRecipient, isTemplated, providerOf } from '../providers/index.ts'
import { SANDBOX_HOST } from './sandbox-target.ts'

/**
 * What a plan would do, worked out from the plan alone.
 * @param alsoRemote hosts that count as remote although they are this machine's own
 */
export function summarize(plan: Plan, alsoRemote: readonly string[] = []): PlanSummary {
  const { from, to } = plan.message
  const all = new Map(
    plan.transports.map((transport) => [transport, [...to, ...templateMailboxes(transport, plan.message)]])
  )
  const each = messagesEach(plan)
  const messages = each === null ? null : each * plan.transports.length
  const remote = plan.transports
    .filter((transport) => isRemote(hostOf(transport), alsoRemote))
    .map((transport) => ({
      transport: transport.name,
      target: targetOf(transport),
      recipients: all.get(transport) ?? to,
      messages: each,
      warmupSeconds: plan.load.model === 'closed' ? plan.warmupSeconds * plan.rounds : 0,
      testMode: testModeOf(transport)
    }))
  const real = plan.transports.flatMap((transport) =>
    hostOf(transport) === SANDBOX_HOST
      ? []
      : (all.get(transport) ?? []).filter(
          (mailbox) => !isReserved(mailbox) && !isSinkRecipient(transport.provider, mailbox)
        )
  )
  const seconds = secondsOf(plan)
  return {
    messages,
    seconds,
    sentence: sentence(plan, messages, seconds),
    remote,
    realRecipients: [...new Set(real)],
    realSender: plan.transports.some(returnsBounces) && canGetBounces(from) ? from : null,
    ...(plan.delivery === undefined ? {} : { delivery: deliverySummary(plan.delivery, alsoRemote) }),
    secrets: [
      ...plan.transports.flatMap((transport) => secretSummaries(transport, alsoRemote)),
      ...deliverySecrets(plan.delivery, alsoRemote)
    ]
  }
}

/** Where arrivals are looked for, and whether that leaves this machine or opens it. */
function deliverySummary(delivery: DeliveryPlan, alsoRemote: readonly string[]): DeliverySummary {
  const place = deliveryPlace(delivery)
  if (delivery.receiver === 'imap') {
    const user = typeof delivery.auth.user === 'string' ? ` as ${delivery.auth.user}` : ''
    const folders = [...delivery.folders, ...(delivery.junkFolders ?? ['the junk folder'])]
    return {
      sentence: `It logs in at ${delivery.host}:${delivery.port}${user} and reads which messages of the run come into ${listed(folders)}.`,
      isRemote: isRemote(delivery.host, alsoRemote)
    }
  }
  if (place !== null) {
    return {
      sentence: `It asks the receiver at ${place.target} what has arrived.`,
      isRemote: isRemote(place.host, alsoRemote)
    }
  }
  return {
    sentence: `It opens a receiver of mail on ${delivery.host}:${delivery.port} while it runs.`,
    isRemote: isRemote(delivery.host, alsoRemote)
  }
}

/** Providers take bounces themselves; any other server sends them to the sender. */
function returnsBounces(transport: Transport): boolean {
  return (
    hostOf(transport) !== SANDBOX_HOST &&
    (transport.provider === undefined || isTemplated(transport.provider))
  )
}

function testModeOf(transport: Transport): RemoteTarget['testMode'] {
  const hasOne =
    transport.protocol === 'http'
      ? httpSideOf(transport)?.testMode === true
      : transport.provider !== undefined &&
        Object.keys(providerOf(transport.provider).smtp?.testHeaders ?? {}).length > 0
  if (!hasOne) return 'none'
  return transport.testMode ? 'on' : 'off'
}

function isRemote(host: string, alsoRemote: readonly string[]): boolean {
  return host !== SANDBOX_HOST && !isLocalTarget(host, alsoRemote)
}

/** Messages that each transport sends; null when it depends on the peer's speed. */
function messagesEach({ load, warmupSeconds, rounds }: Plan): number | null {
  if (load.model === 'closed') return load.messages ?? null
  const pieces = ratePieces(load, 1)
  // A warm-up has the rate of the beginning.
  return Math.round(offeredSends(pieces) + (pieces[0]?.toRate ?? 0) * warmupSeconds * rounds)
}

function secondsOf(plan: Plan): number | null {
  const { load, transports, warmupSeconds, rounds } = plan
  if (load.model === 'closed' && load.messages !== undefined && transports.every(isKnownDistance(plan))) {
    const { messages, concurrency } = load
    const each = transports.map(
      (transport) =>
        (messages * estimatedMessageMs(plan, transport)) / 1000 / concurrency + warmupSeconds * rounds
    )
    return each.reduce((sum, seconds) => sum + seconds, 0)
  }
  const measured = load.model === 'closed' ? load.durationSeconds : pieceSeconds(ratePieces(load, 1))
  return measured === undefined ? null : (measured + warmupSeconds * rounds) * transports.length
}

/** The sandbox, or a distance that is emulated, says how long a message takes; elsewhere nobody knows before. */
function isKnownDistance({ emulate }: Plan): (transport: Transport) => boolean {
  return (transport) => hostOf(transport) === SANDBOX_HOST || emulate.rttMs >= 5
}

function sentence(plan: Plan, messages: number | null, seconds: number | null): string {
  const warmup =
    plan.load.model === 'closed' && plan.warmupSeconds > 0
      ? `, plus ${duration(plan.warmupSeconds * plan.rounds * plan.transports.length)} of warm-up`
      : ''
  return `${amountWords(plan, messages)} over ${counted(plan.transports.length, 'transport')} in ${counted(plan.rounds, 'round')}${warmup}${timeWords(seconds)}.`
}

/** How many messages, and where to. */
export function amountWords(plan: Plan, messages: number | null): string {
  const amount = messages === null ? 'As many messages as the peers take' : counted(messages, 'message')
  return `${amount} to ${targetWords(plan)}`
}

/** Every host that is sent to: `the sandbox and mail.example.com`. */
export function targetWords({ transports }: Plan): string {
  const hosts = [...new Set(transports.map(hostOf))]
  return listed(hosts.map((host) => (host === SANDBOX_HOST ? 'the sandbox' : host)))
}

/** The end of a sentence: how long it will take, where that is known. */
export function timeWords(seconds: number | null): string {
  return seconds === null ? '' : `, about ${duration(Math.max(1, seconds))}`
}
