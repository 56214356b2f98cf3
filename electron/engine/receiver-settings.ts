import type { DeliveryPlan, ImapPlan, Plan, SecretRef } from '../../shared/plan/plan.ts'
import type { MailboxSettings, ReceiverSettings } from '../delivery/receiver-calls.ts'
import { readCa } from './read-ca.ts'
import { readSecret, type Keychain } from './read-secret.ts'

/**
 * What a plan's receiver is started with: its secrets and certificates are read, for its host alone.
 * @throws {RunError} when one of them is not there
 */
export async function receiverSettings(
  delivery: DeliveryPlan,
  { timeoutSeconds }: Pick<Plan, 'timeoutSeconds'>,
  tags: readonly string[],
  keychain: Keychain
): Promise<ReceiverSettings> {
  const awaited = { tags: [...tags] }
  if (delivery.receiver === 'imap') {
    return { ...(await mailboxSettings(delivery, timeoutSeconds * 1000, keychain)), ...awaited }
  }
  const { host, port, url, token } = delivery
  if (url === null || token === null) return { kind: 'sink', host, port, ...awaited }
  const shown = await readWhole(token, 'delivery.token', new URL(url).hostname, keychain)
  return { kind: 'remote-sink', url, token: shown, ...awaited }
}

/** A secret with what stands before it. */
async function readWhole(ref: SecretRef, where: string, host: string, keychain: Keychain): Promise<string> {
  return `${ref.prefix ?? ''}${await readSecret(ref, where, host, keychain)}`
}

async function mailboxSettings(
  delivery: ImapPlan,
  timeoutMs: number,
  keychain: Keychain
): Promise<MailboxSettings> {
  const { host, port, security, auth, folders, junkFolders, checkSeconds, tls } = delivery
  const secret = (ref: SecretRef, where: string): Promise<string> => readWhole(ref, where, host, keychain)
  return {
    ...{ kind: 'imap', host, port, security, method: auth.method, folders, junkFolders, timeoutMs },
    checkMs: checkSeconds * 1000,
    user: typeof auth.user === 'string' ? auth.user : await secret(auth.user, 'delivery.auth.user'),
    password: await secret(auth.password, 'delivery.auth.password'),
    tls: {
      ...{ verify: tls.verify, serverName: tls.serverName },
      ...{ minVersion: tls.minVersion, maxVersion: tls.maxVersion },
      caPem: tls.caFile === null ? null : await readCa(tls.caFile, 'delivery.tls.caFile')
    }
  }
}
