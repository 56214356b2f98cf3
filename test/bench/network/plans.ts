import { SANDBOX_API_KEY, SANDBOX_PASSWORD, SANDBOX_USER } from '../../../electron/sandbox/credentials.ts'
import type { PlanInput } from '../../../shared/plan/plan.ts'
import { type FarSandbox, SERVER_ADDRESS } from './real-link.ts'

/** 587 and the API, each on a new connection for every message and on kept ones. */
export const TRANSPORTS = ['587 new', '587 kept', 'API new', 'API kept'] as const

/** Contents of the ladder over size, bytes. */
export const SIZE_LADDER = [2000, 20_000, 100_000, 1_000_000]

type Input = PlanInput['transports'][number]

/** The four transports of the suite towards a sandbox: at the far end of a link, or the built-in one. */
export function fourTransports(far: FarSandbox | null): Input[] {
  const tls = far === null ? {} : { tls: { caFile: far.caFile, serverName: 'localhost' } }
  const smtp = {
    protocol: 'smtp' as const,
    host: far === null ? 'sandbox' : SERVER_ADDRESS,
    port: far?.smtpPort ?? 587,
    security: 'starttls' as const,
    auth: { user: far?.user ?? SANDBOX_USER, password: { env: 'BENCH_SMTP' } },
    ...tls
  }
  const api = {
    protocol: 'http' as const,
    url: far === null ? 'https://sandbox' : far.apiTlsUrl.replace('localhost', SERVER_ADDRESS),
    domain: far?.domain ?? 'example.com',
    auth: { password: { env: 'BENCH_API' } },
    ...tls
  }
  const name = (index: number): string => (TRANSPORTS[index] ?? '').replace(' ', '-')
  return [
    { name: name(0), ...smtp, messagesPerConnection: 1 },
    { name: name(1), ...smtp },
    { name: name(2), ...api, messagesPerConnection: 1 },
    { name: name(3), ...api }
  ]
}

export interface NetworkPlan {
  sizeBytes: number
  messages: number
  rttMs?: number
  concurrency?: number
  /** Long enough for one message on every connection where it is not given. */
  warmupSeconds?: number
}

export function networkPlan(far: FarSandbox | null, plan: NetworkPlan): PlanInput {
  const { sizeBytes, messages, rttMs = 0, concurrency = 2, warmupSeconds = 1 } = plan
  process.env.BENCH_SMTP = far?.password ?? SANDBOX_PASSWORD
  process.env.BENCH_API = far?.apiKey ?? SANDBOX_API_KEY
  return {
    schema: 1,
    name: `${sizeBytes} bytes`,
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes },
    load: { model: 'closed', concurrency, messages },
    rounds: 1,
    warmupSeconds,
    transports: fourTransports(far),
    emulate: { rttMs }
  }
}

/** `60 KB`. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${bytes / 1000} KB` : `${bytes / 1_000_000} MB`
}
