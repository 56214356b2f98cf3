export interface Endpoint {
  host: string
  port: number
}

/** What a delay link stands in front of. */
export interface LinkTarget extends Endpoint {
  /** Local port to listen on; any free one when absent. */
  listenPort?: number
}

/** What the delay link's process can be asked. */
export type LinkCalls = {
  /** Answers with the local port in front of each target. */
  start: { argument: { targets: LinkTarget[]; rttMs: number }; answer: number[] }
  setRttMs: { argument: number; answer: void }
}
