import { counted, duration, listed } from './format.ts'
import type { PlanSummary } from './ipc.ts'
import { isLoopbackHost } from './loopback.ts'
import type { Load, Plan, Transport } from './plan.ts'
import { isSinkRecipient } from './providers/index.ts'
import { SANDBOX_HOST } from './sandbox-target.ts'

/**
 * What a plan would do, worked out from the plan alone.
 * @param alsoRemote hosts that count as remote although they are this machine's own
 */
export function summarize(plan: Plan, alsoRemote: readonly string[] = []): PlanSummary {
  const { to } = plan.message
  const remote = plan.transports
    .filter((transport) => isRemote(hostOf(transport), alsoRemote))
    .map((transport) => ({ transport: transport.name, target: targetOf(transport), recipients: to }))
  const mayBeReal = (mailbox: string): boolean =>
    !isReserved(mailbox) &&
    plan.transports.some(
      (transport) => hostOf(transport) !== SANDBOX_HOST && !isSinkRecipient(transport.provider, mailbox)
    )
  const messages = messagesOf(plan)
  const seconds = secondsOf(plan)
  return {
    messages,
    seconds,
    sentence: sentence(plan, messages, seconds),
    remote,
    realRecipients: to.filter(mayBeReal)
  }
}

/** Host that a transport connects to. */
export function hostOf(transport: Transport): string {
  return transport.protocol === 'smtp' ? transport.host : new URL(transport.url).hostname
}

/** Endpoint of a transport as a person writes it. */
export function targetOf(transport: Transport): string {
  return transport.protocol === 'smtp' ? `${transport.host}:${transport.port}` : new URL(transport.url).origin
}

function isRemote(host: string, alsoRemote: readonly string[]): boolean {
  return host !== SANDBOX_HOST && (!isLoopbackHost(host) || alsoRemote.includes(host))
}

/** Domains that are no one's: RFC 2606 and RFC 6761. */
function isReserved(mailbox: string): boolean {
  const domain = mailbox.slice(mailbox.lastIndexOf('@') + 1)
  return /(^|\.)(example\.(com|net|org|edu)|example|test|invalid|localhost)\.?$/i.test(domain)
}

/** Sends that come due in the load's time; null for a closed load, which depends on the peer. */
function scheduled(load: Load): number | null {
  switch (load.model) {
    case 'closed':
      return null
    case 'open':
      return load.rate * load.durationSeconds
    case 'stages': {
      let before = 0
      return load.stages.reduce((sum, { rate, durationSeconds, ramp }) => {
        const mean = ramp ? (before + rate) / 2 : rate
        before = rate
        return sum + mean * durationSeconds
      }, 0)
    }
  }
}

function measuredSeconds(load: Load): number | null {
  switch (load.model) {
    case 'closed':
      return load.durationSeconds ?? null
    case 'open':
      return load.durationSeconds
    case 'stages':
      return load.stages.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)
  }
}

/** Rate of an open load's warm-up, sends per second: that of its beginning. */
function warmupRate(load: Load): number {
  switch (load.model) {
    case 'closed':
      return 0
    case 'open':
      return load.rate
    case 'stages':
      return load.stages[0]?.rate ?? 0
  }
}

function messagesOf({ load, transports, warmupSeconds, rounds }: Plan): number | null {
  if (load.model === 'closed') {
    return load.messages === undefined ? null : load.messages * transports.length
  }
  const each = (scheduled(load) ?? 0) + warmupRate(load) * warmupSeconds * rounds
  return Math.round(each * transports.length)
}

function secondsOf({ load, transports, warmupSeconds, rounds }: Plan): number | null {
  const measured = measuredSeconds(load)
  return measured === null ? null : (measured + warmupSeconds * rounds) * transports.length
}

function sentence(plan: Plan, messages: number | null, seconds: number | null): string {
  const targets = [...new Set(plan.transports.map(hostOf))].map((host) =>
    host === SANDBOX_HOST ? 'the sandbox' : host
  )
  const amount = messages === null ? 'As many messages as the peers take' : counted(messages, 'message')
  const warmup =
    plan.load.model === 'closed' && plan.warmupSeconds > 0
      ? `, and those of ${duration(plan.warmupSeconds * plan.rounds * plan.transports.length)} of warm-up`
      : ''
  const time = seconds === null ? '' : `, about ${duration(seconds)}`
  return `${amount} to ${listed(targets)} over ${counted(plan.transports.length, 'transport')} in ${counted(plan.rounds, 'round')}${warmup}${time}.`
}
