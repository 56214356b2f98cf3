/** Whether the environment names a receiver of metrics, as OpenTelemetry's specification says. */
export function isOtlpInEnvironment(env = process.env): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_METRICS_EXPORTER'] === 'none')
    return false
  const urls = [env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'], env['OTEL_EXPORTER_OTLP_ENDPOINT']]
  return urls.some((url) => url !== undefined && url.trim() !== '')
}
