import type { HttpTransport, Plan, Transport } from './plan.ts'

/** Stands in a record where a plan has text that looks like a secret. */
const MASK = '***'
/** Headers that carry credentials, whatever a template calls them. */
const SECRET_NAME = /auth|token|key|secret|password|passwd|credential|cookie|signature/i

/** Whether a header, a field or a parameter of this name is likely to carry a secret. */
function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * The plan as a record may hold it: what stands in plain text where credentials stand, be it in a template's headers or
 * in the query of an address, is masked.
 */
export function maskedPlan(plan: Plan): Plan {
  return { ...plan, transports: plan.transports.map(maskedTransport) }
}

/** What {@link maskedPlan} takes out of a transport: texts that are to be hidden wherever a peer repeats them. */
export function plainSecrets(transport: Transport): string[] {
  if (transport.protocol === 'smtp') return []
  const queries = [new URL(transport.url).searchParams, pathQuery(transport)]
  return [
    ...queries.flatMap((query) => [...query.values()]),
    ...Object.entries(transport.template?.headers ?? {}).flatMap(([name, value]) =>
      isPlainSecret(name, value) ? [value, value.replace(/^\S+\s+/, '')] : []
    )
  ].filter((text) => !/^\{\{\w+\}\}$/.test(text))
}

function maskedTransport(transport: Transport): Transport {
  if (transport.protocol === 'smtp') return transport
  const { template } = transport
  return {
    ...transport,
    url: transport.url.replace(/\?.*$/s, `?${MASK}`),
    template:
      template === null
        ? null
        : {
            ...template,
            path: template.path.replace(/\?.*$/s, `?${MASK}`),
            headers: Object.fromEntries(
              Object.entries(template.headers).map(([name, value]) => [
                name,
                isPlainSecret(name, value) ? MASK : value
              ])
            )
          }
  }
}

function isPlainSecret(name: string, value: unknown): value is string {
  return typeof value === 'string' && isSecretName(name) && !/^\{\{\w+\}\}$/.test(value)
}

function pathQuery({ template }: HttpTransport): URLSearchParams {
  return new URLSearchParams(template?.path.split('?').slice(1).join('?') ?? '')
}
