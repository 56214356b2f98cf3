/** What may not become worse from one run to the next. */
export const GATED_METRICS = [
  'response.p50',
  'response.p95',
  'response.p99',
  'throughput',
  'failed',
  'rejected'
] as const
export type GatedMetric = (typeof GATED_METRICS)[number]

/** How much worse each gated metric may become, as a share: 0.1 for 10 %. */
export type RegressionLimits = Partial<Record<GatedMetric, number>>
