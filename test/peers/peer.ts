import type { Box } from './box.ts'

/** A message as a peer has kept it. */
export interface Received {
  /** Header and body as they lie there. */
  bytes: Buffer
  /** Recipients of this copy; null where the peer does not tell. */
  recipients: string[] | null
}

/** What a peer is started with. */
export interface PeerSetup {
  box: Box
  /** Ports that are free: in the clear (with STARTTLS where there is such), and TLS from the first byte. */
  ports: { plain: number; tls: number }
  /** Where it may hand messages on to: a sink that keeps them. */
  sinkPort: number
  user: string
  password: string
}

/** A peer that runs. */
export interface RunningSmtp {
  version: string
  /** Ports on which it listens. */
  plain: boolean
  tls: boolean
  /** Where it wants a login before it takes anything. */
  mustLogIn?: 'everywhere' | 'tls'
  /** It offers logins that are none: they are not tried. */
  cannotLogIn?: boolean
  /** Name to log in with, where it is not the one that was asked for. */
  user?: string
  /** What it has kept itself; absent where it hands all on to the sink. */
  received?: () => Received[]
  /** Forgets what it has kept. */
  clear?: () => void
  /** Its log so far. */
  log(): string
  stop?(): Promise<void>
}

export interface SmtpPeer {
  name: string
  /** Debian packages, or one of npm; neither where it must be on this machine. */
  debian?: readonly string[]
  /** The packages are unpacked only: their scripts would set up a mail server for the whole machine. */
  unpacked?: boolean
  npm?: string
  start(setup: PeerSetup): Promise<RunningSmtp>
}

export interface RunningHttp {
  version: string
  /** Address of each way that it is called, by the way's name. */
  urls: Readonly<Partial<Record<HttpWay, string>>>
  /** Number of requests answered with each status, from its own access log. */
  statuses(): Promise<Map<number, number>>
  log(): string
}

/** What is tried of an HTTP server. */
export type HttpWay =
  | 'HTTP/1.1'
  | 'HTTP/1.1 closed after 10'
  | 'HTTP/2'
  | 'HTTP/2 gone after 10'
  | 'HTTP/2 one stream'
  | 'HTTP/2 slow upstream'
  | '413'
  | '502'
  | 'gzip'

export interface HttpPeer {
  name: string
  debian?: readonly string[]
  /** @param apiPort where an API answers that it may stand in front of: slowly below `/slow` */
  start(setup: { box: Box; ports: number[]; apiPort: number }): Promise<RunningHttp>
}
