import { z } from 'zod'
import { fitLine } from './statistics.ts'

const sweepPointSchema = z.object({
  /** Emulated round-trip time of this point, ms. */
  rttMs: z.number(),
  /** Accepted sends behind the figures. */
  n: z.int().min(0),
  /** Response and service time at p50, ms; null when nothing was accepted. */
  p50: z.number().nullable(),
  serviceP50: z.number().nullable()
})

const sweepTransportSchema = z.object({
  name: z.string(),
  /** Turns that the client counted on the sends that p50 stands for; null when nothing was accepted. */
  turnsCounted: z.number().nullable(),
  /** Slope of service time at p50 over RTT. The fit is null with fewer than two points of different RTT. */
  turnsFitted: z.number().nullable(),
  /** (fitted - counted) / counted, percent. */
  differencePercent: z.number().nullable(),
  /** Service time at p50 at an RTT of 0: server plus client time, ms. */
  interceptMs: z.number().nullable(),
  r2: z.number().nullable(),
  points: z.array(sweepPointSchema)
})

/** What `sweep` found: each transport's p50 at several RTTs, and the straight line through it. */
export const sweepRecordSchema = z.object({
  schema: z.literal(1),
  transports: z.array(sweepTransportSchema)
})

export type SweepRecord = z.output<typeof sweepRecordSchema>
export type SweepTransport = z.output<typeof sweepTransportSchema>
export type SweepPoint = z.output<typeof sweepPointSchema>

/**
 * Fits a transport's service time at p50 over RTT: the slope is turns, the intercept server plus client time.
 * Response time would not do: in an open load it holds the waiting for a slot, too.
 */
export function fitSweep(
  name: string,
  turnsCounted: number | null,
  points: readonly SweepPoint[]
): SweepTransport {
  const line = fitLine(
    points.flatMap(({ rttMs, serviceP50 }) => (serviceP50 === null ? [] : [[rttMs, serviceP50] as const]))
  )
  return {
    name,
    turnsCounted,
    turnsFitted: line?.slope ?? null,
    differencePercent:
      line === null || turnsCounted === null || turnsCounted === 0
        ? null
        : (100 * (line.slope - turnsCounted)) / turnsCounted,
    interceptMs: line?.intercept ?? null,
    r2: line?.r2 ?? null,
    points: [...points]
  }
}

/** The JSON Schema of a sweep record (draft 2020-12). */
export function sweepRecordJsonSchema(): unknown {
  return z.toJSONSchema(sweepRecordSchema)
}
