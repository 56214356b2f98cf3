import { InvalidArgumentError } from 'commander'
import { GATED_METRICS, type GatedMetric, type RegressionLimits } from '../../shared/insight/gated-metrics.ts'

/**
 * Reads `10%`, for every metric, or `response.p99=20%`, for one; the narrower word wins.
 * @throws {InvalidArgumentError}
 */
export function regressionLimit(text: string, before: RegressionLimits = {}): RegressionLimits {
  const [, name, value] = /^(?:([\w.]+)=)?(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? []
  if (value === undefined) throw new InvalidArgumentError('a share is needed, like 10% or response.p99=20%.')
  const limit = Number(value) / 100
  if (name === undefined)
    return { ...Object.fromEntries(GATED_METRICS.map((metric) => [metric, limit])), ...before }
  if (!GATED_METRICS.includes(name as GatedMetric)) {
    throw new InvalidArgumentError(`"${name}" is no metric; there are ${GATED_METRICS.join(', ')}.`)
  }
  return { ...before, [name]: limit }
}
