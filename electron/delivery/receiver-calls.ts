import type { ImapPlan } from '../../shared/plan/plan.ts'
import type { ReceiverClock, Seen } from './source.ts'

/** A port of this machine that a run listens on by itself. */
export interface OwnSinkSettings {
  kind: 'sink'
  host: string
  port: number
}

/** A `chattermark receive` that runs already. */
export interface RemoteSinkSettings {
  kind: 'remote-sink'
  url: string
  token: string
}

/** A mailbox, looked at over IMAP. */
export interface MailboxSettings extends Pick<
  ImapPlan,
  'host' | 'port' | 'security' | 'folders' | 'junkFolders'
> {
  kind: 'imap'
  method: ImapPlan['auth']['method']
  user: string
  password: string
  /** How often it is asked beside its own news, ms. */
  checkMs: number
  /** Bounds each wait, ms. */
  timeoutMs: number
  tls: Omit<ImapPlan['tls'], 'caFile' | 'resume'> & { caPem: string | null }
}

/** What is waited for. */
export interface AwaitedTags {
  /** Tags of the messages; an arrival names its tag by its place here. */
  tags: string[]
}

/** Where a run's messages end. */
export type ReceiverSettings = (OwnSinkSettings | RemoteSinkSettings | MailboxSettings) & AwaitedTags

/** A copy that arrived, with the machines on its way by their place in the names, and all times on the shared clock. */
interface TakenCopy extends Omit<Seen, 'serverDateMs' | 'hops'> {
  serverDateUs: number | null
  hops: [name: number, atUs: number][]
}

/** What has come since it was asked last. */
export interface Taken {
  arrivals: TakenCopy[]
  /** Up to when nothing can have been missed, on that clock. */
  askedUs: number
  /** Names of hops, from the first on; absent where no new ones have come. */
  hopNames?: string[]
  clock?: ReceiverClock
}

/** What the receiver's process can be asked. */
export type ReceiverCalls = {
  start: { argument: ReceiverSettings; answer: null }
  take: { argument: null; answer: Taken }
  /** Leaves in order: logs out, takes its leave of a receiver elsewhere. */
  leave: { argument: null; answer: null }
}
