import { randomUUID } from 'node:crypto'
import { cpus } from 'node:os'
import type { Msg } from '@nats-io/transport-node'
import { environment } from '../engine/environment.ts'
import { productVersion } from '../product-version.ts'
import { PLACE_NAME } from '../../shared/plan/bounds.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { messageOf, RunError } from '../record/run-error.ts'
import { AgentRun } from './agent-run.ts'
import {
  ALIVE_MS,
  SILENCE_MS,
  CONTRACT,
  requestSchema,
  SUBJECTS,
  MOST_REQUEST_BYTES,
  read,
  versionGap,
  type PlaceAnswer,
  type PlaceInfo
} from './contract.ts'
import { announce } from './presence.ts'
import { openServer, type ServerOptions } from './server.ts'
import { wallUs } from './wall-clock.ts'

export interface AgentOptions {
  server: ServerOptions
  place: string
  /** What its operator allows: whether targets may be on other machines, for others to see. */
  remote: boolean
  /**
   * The operator's own consent to a plan, whatever its coordinator says.
   * @returns sends that may start
   * @throws when the plan is not allowed
   */
  judge: (plan: Plan) => number
  workers?: number
  /** Folder of its own record of a run, by id. */
  folderOf: (id: string) => string
  /** Hears one line for each thing that a person at this place would want to know. */
  talk: (text: string) => void
}

/** An agent at its place. */
export interface Agent {
  /** Ends its run in order, then leaves. */
  leave(): Promise<void>
  /** Resolves when it has left; rejects when it cannot stay. */
  readonly left: Promise<void>
}

/**
 * Announces this machine as a place, and runs what its coordinators ask for, one run at a time.
 * @throws {RunError} when the server cannot be used, or the name is taken
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { place, talk } = options
  if (!PLACE_NAME.test(place)) {
    throw new RunError(`--place: found "${place}"; allowed: letters, digits, - and _, up to 64 of them`)
  }
  const server = await openServer(options.server)
  const info: PlaceInfo = {
    name: place,
    instance: randomUUID(),
    contract: CONTRACT,
    version: productVersion(),
    platform: `${process.platform} ${process.arch}`,
    cores: cpus().length,
    remote: options.remote,
    run: null
  }
  const { promise: left, resolve, reject } = Promise.withResolvers<void>()
  let run: AgentRun | null = null
  const end = async (): Promise<void> => {
    clearInterval(watch)
    await presence.leave()
    await server.close()
  }
  const fail = async (reason: RunError): Promise<void> => {
    await run?.abandon(reason.message)
    await end()
    reject(reason)
  }
  const presence = await announce(server.places, info, () => {
    void fail(
      new RunError(`the name ${place} went to another agent while this one was silent; start it anew`)
    )
  }).catch(async (error: unknown) => {
    await server.close()
    throw error
  })

  const begin = async (
    request: Extract<ReturnType<typeof requestSchema.parse>, { kind: 'prepare' }>
  ): Promise<PlaceAnswer> => {
    const gap = versionGap(request, 'the coordinator', info)
    if (gap !== null) throw new RunError(gap)
    if (run !== null && run.id !== request.run) throw new RunError(`it is busy with the run ${run.id}`)
    if (run === null) {
      const { judge, workers, folderOf } = options
      run = new AgentRun({ server, place, id: request.run, judge, workers, folderOf, talk, onOver: over })
      presence.update({ ...info, run: request.run })
    }
    const crew = await run.prepare(request.plan, request.maxMessages)
    talk(`prepared the run ${request.run}`)
    return {
      kind: 'prepared',
      environment: environment(crew.workers),
      workers: crew.workers,
      transports: crew.starts
    }
  }
  const over = (): void => {
    run = null
    presence.update(info)
  }
  const handle = async (message: Msg): Promise<PlaceAnswer> => {
    const bytes = message.data.length
    if (bytes > MOST_REQUEST_BYTES) {
      const reason = `a request of ${bytes} bytes is more than the ${MOST_REQUEST_BYTES} that an agent reads; shorten the plan`
      talk(`refused: ${reason}`)
      throw new RunError(reason)
    }
    const request = read(requestSchema, message.string())
    if (request === null) throw new RunError('the request is none of this contract')
    switch (request.kind) {
      case 'clock':
        return { kind: 'clock', atUs: wallUs() }
      case 'prepare':
        return begin(request)
      default: {
        if (run?.id !== request.run) throw new RunError(`it does not work for the run ${request.run}`)
        switch (request.kind) {
          case 'block':
            run.begin(request.block, request.share)
            break
          case 'end-block':
            run.endBlock()
            break
          case 'stop':
            run.stop(request.cut)
            break
          case 'close':
            await run.close()
        }
        return { kind: 'ok' }
      }
    }
  }
  const answer = async (message: Msg): Promise<void> => {
    const reply = await handle(message).catch((error: unknown): PlaceAnswer => ({
      kind: 'refused',
      reason: messageOf(error)
    }))
    if (!server.connection.isClosed()) message.respond(JSON.stringify(reply))
  }
  server.connection.subscribe(SUBJECTS.place(place), {
    callback: (error, message) => {
      if (error === null) void answer(message)
    }
  })
  const watch = setInterval(() => {
    run?.watch()
  }, ALIVE_MS)
  void server.closed.then((reason) => {
    if (reason !== null) void fail(reason)
  })

  return {
    left,
    async leave() {
      const patience = setTimeout(() => void run?.abandon('it was told to leave'), SILENCE_MS)
      await run?.leave()
      clearTimeout(patience)
      await end()
      resolve()
    }
  }
}
