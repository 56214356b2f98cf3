import type { Snapshot } from '../../shared/snapshot.ts'
import { duration, figure } from '../../shared/format.ts'

/** One line on stderr that shows how far a run is; nothing at all where stderr is no terminal. */
export class ProgressLine {
  readonly #stream = process.stderr

  /** @param about what the run is part of, put in front */
  show(snapshot: Snapshot, about = ''): void {
    if (!this.#stream.isTTY) return
    this.#draw(`${about}${progressText(snapshot)}`.slice(0, this.#stream.columns - 1))
  }

  clear(): void {
    if (this.#stream.isTTY) this.#draw('')
  }

  #draw(text: string): void {
    this.#stream.write(`\r\u001b[2K${text}`)
  }
}

/** The progress of a run in one line of text. */
export function progressText(snapshot: Snapshot): string {
  const percent = `${Math.floor(snapshot.progress * 100)} %`.padStart(5)
  const left = snapshot.secondsLeft === null ? '' : `, ${duration(snapshot.secondsLeft)} left`
  if (snapshot.transport === null) return `${percent}  preparing`
  const current = snapshot.transports.find(({ name }) => name === snapshot.transport)
  const rate =
    current?.ratePerSecond == null
      ? ''
      : `, ${figure(current.ratePerSecond)}/s, p50 ${figure(current.p50 ?? 0)} ms`
  const failures = snapshot.transports.reduce((sum, { counts }) => sum + counts.failed + counts.rejected, 0)
  const trouble = failures > 0 ? `, ${failures} rejected or failed` : ''
  return `${percent}  round ${snapshot.round} of ${snapshot.rounds}, ${snapshot.transport}${rate}${trouble}${left}`
}
