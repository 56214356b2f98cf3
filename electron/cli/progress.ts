import type { Snapshot } from '../../shared/record/snapshot.ts'
import { counted, duration, figure } from '../../shared/text/format.ts'

/** Without a terminal a line comes so often, s; and after ten minutes so often. */
const LINE_SECONDS = 10
const LATER_LINE_SECONDS = 60
const LATER_AFTER_SECONDS = 600

/** How far a run is, on stderr: one line that is drawn over in a terminal, a new one now and then elsewhere. */
export class ProgressLine {
  readonly #stream = process.stderr
  readonly #startedMs = performance.now()
  #lineMs = performance.now()

  /** @param about what the run is part of, put in front */
  show(snapshot: Snapshot, about = ''): void {
    const text = `${about}${progressText(snapshot)}`
    if (this.#drawsOver) {
      this.#draw(text.slice(0, this.#stream.columns - 1))
      return
    }
    const nowMs = performance.now()
    const isLater = nowMs - this.#startedMs > LATER_AFTER_SECONDS * 1000
    if (nowMs - this.#lineMs < (isLater ? LATER_LINE_SECONDS : LINE_SECONDS) * 1000) return
    this.#lineMs = nowMs
    this.#stream.write(`${text.trimStart()}\n`)
  }

  clear(): void {
    if (this.#drawsOver) this.#draw('')
  }

  /** A dumb terminal knows no escape sequences. */
  get #drawsOver(): boolean {
    return this.#stream.isTTY && process.env.TERM !== 'dumb'
  }

  #draw(text: string): void {
    this.#stream.write(`\r\u001b[2K${text}`)
  }
}

/** The progress of a run in one line of text. */
function progressText(snapshot: Snapshot): string {
  const percent = `${Math.floor(snapshot.progress * 100)} %`.padStart(5)
  const left = snapshot.secondsLeft === null ? '' : `, ${duration(snapshot.secondsLeft)} left`
  if (snapshot.transport === null) return `${percent}  preparing`
  if (snapshot.stage === 'delivering') {
    return `${percent}  waiting for ${counted(snapshot.dueDeliveries ?? 0, 'message')} to arrive`
  }
  const current = snapshot.transports.find(({ name }) => name === snapshot.transport)
  const rate =
    current?.ratePerSecond == null
      ? ''
      : `, ${figure(current.ratePerSecond)}/s, p50 ${figure(current.p50 ?? 0)} ms`
  const failures = snapshot.transports.reduce((sum, { counts }) => sum + counts.failed + counts.rejected, 0)
  const trouble = failures > 0 ? `, ${failures} rejected or failed` : ''
  return `${percent}  round ${snapshot.round} of ${snapshot.rounds}, ${snapshot.transport}${rate}${trouble}${left}`
}
