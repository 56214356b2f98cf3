import { readFileSync } from 'node:fs'
import { hostOf } from '../../shared/plan/plan-target.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { integer } from '../../shared/text/format.ts'

/** What this machine lets one process have; null where the system does not tell. */
export interface MachineLimits {
  /** Files and sockets that may be open at a time. */
  descriptors: number | null
  /** Ports for outgoing connections. */
  ports: number | null
}

/** Descriptors that the process needs beside its connections: sources, workers, the record. */
const OWN_DESCRIPTORS = 100
/** How long a closed connection keeps its port (Linux's TIME_WAIT), s. */
const TIME_WAIT_SECONDS = 60

/** Asks the system; Linux alone tells without a program's help. */
export function machineLimits(): MachineLimits {
  const range = /^(\d+)\s+(\d+)/.exec(read('/proc/sys/net/ipv4/ip_local_port_range'))
  const files = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1]
  return {
    descriptors: files === undefined ? null : Number(files),
    ports: range === null ? null : Number(range[2]) - Number(range[1]) + 1
  }
}

/** Something of this machine that a plan would run out of. */
export interface Shortage {
  /** What there is too little of, and what to set: one sentence. */
  text: string
  /** The run is sure to meet it; otherwise it depends on how fast the peer answers. */
  isCertain: boolean
}

/** What a plan would run out of on this machine. */
export function shortages({ descriptors, ports }: MachineLimits, plan: Plan): Shortage[] {
  const connections = Math.max(...plan.transports.map((transport) => connectionsOf(plan, transport)))
  // The delay link has both ends of every connection, in a process of its own.
  const needed = connections * (plan.emulate.rttMs > 0 ? 2 : 1) + OWN_DESCRIPTORS
  const found: Shortage[] = []
  if (descriptors !== null && needed > descriptors) {
    found.push({
      text: `${integer(connections)} connections at a time need about ${integer(needed)} descriptors, and ${integer(descriptors)} are allowed: raise the limit with "ulimit -n ${needed}", or lower the concurrency`,
      isCertain: plan.load.model === 'closed' && connections > descriptors - OWN_DESCRIPTORS / 2
    })
  }
  if (ports === null) return found
  for (const transport of plan.transports) {
    const rate = newConnectionsPerSecond(plan, transport)
    const sustained = ports / TIME_WAIT_SECONDS
    if (rate !== null && rate > sustained) {
      found.push({
        text: `${transport.name} opens ${integer(rate)} connections a second to ${hostOf(transport)}, and ${integer(ports)} ports last for ${integer(sustained)}: widen net.ipv4.ip_local_port_range, or keep connections`,
        isCertain: false
      })
    }
  }
  return found
}

type Transport = Plan['transports'][number]

function connectionsOf(plan: Plan, transport: Transport): number {
  const sends = loadConcurrency(plan.load)
  const isShared = transport.protocol === 'http' && transport.http.version === '2' && transport.http.keepAlive
  const needed = isShared ? Math.ceil(sends / transport.http.streams) : sends
  return Math.min(needed, transport.maxConnections ?? Infinity)
}

/** New connections a second of an open load whose every message takes one; null where it depends on the peer. */
function newConnectionsPerSecond({ load }: Plan, transport: Transport): number | null {
  if (load.model === 'closed' || transport.messagesPerConnection !== 1) return null
  return load.model === 'open' ? load.rate : Math.max(...load.stages.map(({ rate }) => rate))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
