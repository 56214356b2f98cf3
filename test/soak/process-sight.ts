import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What the system tells of a process. */
export interface Sight {
  rssMb: number
  sockets: number
}

/** Looks at a process; null where there is no /proc, or no such process any more. */
export function look(pid: number): Sight | null {
  try {
    const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const files = readdirSync(`/proc/${pid}/fd`)
    return { rssMb: Number(rss) / 1024, sockets: files.filter((file) => isSocket(pid, file)).length }
  } catch {
    return null
  }
}

function isSocket(pid: number, file: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${file}`).startsWith('socket:')
  } catch {
    return false
  }
}
