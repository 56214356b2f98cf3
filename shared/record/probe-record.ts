import { z } from 'zod'

const probeTlsSchema = z.object({
  version: z.string(),
  cipher: z.string(),
  /** The certificate is trusted, valid now, and for this host. */
  verified: z.boolean(),
  /** What is wrong with it, in words; null when nothing is. */
  problem: z.string().nullable(),
  subject: z.string(),
  issuer: z.string(),
  /** ISO 8601. */
  expires: z.string()
})

const probePortSchema = z.object({
  port: z.int(),
  /** The host itself, or the mail exchanger that stands for its domain. */
  host: z.string(),
  /**
   * `smtp`: greets in the clear; `tls-smtp`: greets inside TLS; `http`: the API's address; `other`: answers,
   * but not as a mail server; `refused`: says that nobody listens; `filtered`: no answer; `unresolved`: no address.
   */
  state: z.enum(['smtp', 'tls-smtp', 'http', 'other', 'refused', 'filtered', 'unresolved']),
  /** Least of several TCP connects; null when there was none. */
  rttMs: z.number().nullable(),
  banner: z.string().nullable(),
  /** EHLO keywords with their parameters, before TLS; on a `tls-smtp` port those inside it. */
  capabilities: z.array(z.string()),
  /** The same after STARTTLS. */
  capabilitiesAfterTls: z.array(z.string()),
  starttls: z.boolean(),
  /** SASL mechanisms, as heard under TLS where there is TLS. */
  auth: z.array(z.string()),
  tls: probeTlsSchema.nullable(),
  /** Why TLS, begun or offered, did not come about, in words; null when nothing failed. */
  tlsProblem: z.string().nullable().optional(),
  /** HTTP version that ALPN chose; null on SMTP ports. */
  alpn: z.string().nullable(),
  /**
   * Turns of a send to one recipient on a new and on a kept connection, with STARTTLS, AUTH PLAIN and
   * PIPELINING where they are offered, and without CHUNKING, which plans have off by default.
   */
  turns: z.object({ cold: z.int(), warm: z.int() }).nullable(),
  warnings: z.array(z.string()),
  transcript: z.array(z.string())
})

/** What `probe` found out about a host. */
const probeRecordSchema = z.object({
  schema: z.literal(1),
  host: z.string(),
  ports: z.array(probePortSchema),
  recommendation: z.object({
    port: z.int().nullable(),
    security: z.enum(['none', 'starttls', 'tls']).nullable(),
    reason: z.string()
  })
})

export type ProbeRecord = z.output<typeof probeRecordSchema>
export type ProbePort = z.output<typeof probePortSchema>

/** The JSON Schema of a probe's record (draft 2020-12). */
export function probeRecordJsonSchema(): unknown {
  return z.toJSONSchema(probeRecordSchema, { unrepresentable: 'any' })
}
