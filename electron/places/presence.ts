import { setTimeout as sleep } from 'node:timers/promises'
import type { KV } from '@nats-io/kv'
import { RunError } from '../record/run-error.ts'
import { PRESENCE_MS, read, RENEW_MS, placeInfoSchema, type PlaceInfo } from './contract.ts'

/** Pause between two looks at a name that is taken, ms. */
const LOOK_MS = 500
/** How long the server may take to hear that a place leaves, ms: without that its entry ends by itself. */
const LEAVE_MS = 3000

/** A place's entry, kept fresh until it leaves. */
export interface Presence {
  /** Announces a change of what the place is doing. */
  update(info: PlaceInfo): void
  leave(): Promise<void>
}

/**
 * Takes a place's name. An entry that nobody renews belongs to a process that is gone: its end is waited for.
 * @param onTaken the name went to another process, since this one had been silent for too long
 * @throws {RunError} when another agent bears it
 */
export async function announce(places: KV, info: PlaceInfo, onTaken: () => void): Promise<Presence> {
  let current = info
  let revision = await take(places, info)
  let isLeaving = false
  let renewing = Promise.resolve()
  let waiting = 0
  const renew = async (): Promise<void> => {
    if (isLeaving) return
    try {
      revision = await places.update(current.name, JSON.stringify(current), revision)
    } catch {
      // The server was away, or this process slept: the entry may have ended meanwhile, or be another's.
      const found = await infoOf(places, current.name).catch(() => undefined)
      if (found === undefined) return
      if (found !== null && found.info.instance !== current.instance) return onTaken()
      if (found !== null) revision = found.revision
      else revision = await places.create(current.name, JSON.stringify(current)).catch(() => revision)
    }
  }
  // A server that is away lets each take seconds: more than the next need not wait for it.
  const schedule = (): void => {
    if (waiting === 2) return
    waiting++
    renewing = renewing.then(renew).finally(() => waiting--)
  }
  const withdraw = async (): Promise<void> => {
    await renewing
    // Nobody else's, who may bear the name by now.
    await places.purge(current.name, { previousSeq: revision }).catch(() => undefined)
  }
  const timer = setInterval(schedule, RENEW_MS)
  return {
    update(changed) {
      current = changed
      schedule()
    },
    async leave() {
      isLeaving = true
      clearInterval(timer)
      await Promise.race([withdraw(), sleep(LEAVE_MS, null, { ref: false })])
    }
  }
}

async function take(places: KV, info: PlaceInfo): Promise<number> {
  const untilMs = performance.now() + PRESENCE_MS + RENEW_MS
  let seen: number | null = null
  for (;;) {
    try {
      return await places.create(info.name, JSON.stringify(info))
    } catch (error) {
      const found = await infoOf(places, info.name)
      const isRenewed = found !== null && seen !== null && found.revision !== seen
      if (isRenewed || performance.now() > untilMs) {
        if (found === null) throw error
        throw new RunError(
          `there is a place named ${info.name} already (${found.info.platform}, ${found.info.cores} cores); choose another --place`
        )
      }
      seen ??= found?.revision ?? null
      await sleep(LOOK_MS)
    }
  }
}

/** A place's entry; null when there is none. */
export async function infoOf(
  places: Pick<KV, 'get'>,
  name: string
): Promise<{ info: PlaceInfo; revision: number } | null> {
  const entry = await places.get(name)
  if (entry === null || entry.operation !== 'PUT') return null
  const info = read(placeInfoSchema, entry.string())
  return info === null ? null : { info, revision: entry.revision }
}

/** The places that are there, by name. */
export async function listPlaces(places: Pick<KV, 'keys' | 'get'>): Promise<PlaceInfo[]> {
  // An entry that is renewed while they are told is told once more.
  const names = new Set<string>()
  for await (const name of await places.keys()) names.add(name)
  const found = await Promise.all([...names].sort().map((name) => infoOf(places, name)))
  return found.flatMap((entry) => entry?.info ?? [])
}
