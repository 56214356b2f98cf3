import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Server as AnyServer } from 'node:net'
import { z } from 'zod'

/** 64-bit integers are decimal strings in the protocol's JSON; numbers are allowed as well. */
const int64 = z.union([z.int(), z.string().regex(/^-?\d+$/)]).transform(Number)
const nanos = z.string().regex(/^\d{18,20}$/)
const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: int64 }),
  z.strictObject({ doubleValue: z.number() })
])
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value }))
  .transform((list) => new Map(list.map(({ key, value }) => [key, Object.values<unknown>(value)[0]])))
const point = {
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: nanos,
  flags: z.int().optional(),
  exemplars: z.array(z.unknown()).optional()
}
const sum = z.strictObject({
  aggregationTemporality: z.literal(1),
  isMonotonic: z.literal(true),
  dataPoints: z.array(z.strictObject({ ...point, asInt: int64 })).min(1)
})
const histogram = z.strictObject({
  aggregationTemporality: z.literal(1),
  dataPoints: z
    .array(
      z
        .strictObject({
          ...point,
          count: int64,
          sum: z.number(),
          min: z.number(),
          max: z.number(),
          bucketCounts: z.array(int64),
          explicitBounds: z.array(z.number())
        })
        .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1)
        .refine(({ bucketCounts, count }) => bucketCounts.reduce((a, b) => a + b, 0) === count)
    )
    .min(1)
})
const metric = { name: z.string().min(1), description: z.string(), unit: z.string() }

/** `ExportMetricsServiceRequest` of opentelemetry/proto/metrics/v1, in the JSON of OTLP/HTTP, with delta temporality alone. */
const requestSchema = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes, droppedAttributesCount: z.int().optional() }),
      schemaUrl: z.string().optional(),
      scopeMetrics: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          schemaUrl: z.string().optional(),
          metrics: z.array(
            z.union([z.strictObject({ ...metric, sum }), z.strictObject({ ...metric, histogram })])
          )
        })
      )
    })
  )
})
export type OtlpRequest = z.output<typeof requestSchema>

export interface OtlpReceiver {
  url: string
  /** What arrived, in order: requests that fit the protocol's schema. */
  requests: { path: string; headers: IncomingMessage['headers']; body: OtlpRequest }[]
  /** What arrived and does not. */
  faults: string[]
  close(): void
}

/** A receiver of OTLP/HTTP that holds every request against the protocol's schema. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpReceiver['requests'] = []
  const faults: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const parsed = requestSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString()))
      if (parsed.success) {
        requests.push({ path: request.url ?? '', headers: request.headers, body: parsed.data })
      } else faults.push(z.prettifyError(parsed.error))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  return { url: await listening(server), requests, faults, close: () => closeAll(server) }
}

/** A server on a free port, in place of a receiver. */
export async function listening(server: AnyServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function closeAll(server: Server): void {
  server.close()
  server.closeAllConnections()
}
