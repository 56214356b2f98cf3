/**
 * Whether a server takes the next envelope behind a content. Many offer PIPELINING and do not: they throw away what
 * stands behind the dot, answer it with 503, or fall over. The first to go out so is a trial, and one alone: until it is
 * answered, all other lanes send without.
 */
export class OverlapTrial {
  #state: 'untried' | 'trying' | 'taken' | 'refused' = 'untried'

  /** Whether an envelope may go out behind a content now; from `untried` on it is the trial. */
  begin(): boolean {
    if (this.#state === 'untried') {
      this.#state = 'trying'
      return true
    }
    return this.#state === 'taken'
  }

  get isTaken(): boolean {
    return this.#state === 'taken'
  }

  taken(): void {
    if (this.#state === 'trying') this.#state = 'taken'
  }

  /** The trial came to nothing by itself: it may be made again. */
  withdrawn(): void {
    if (this.#state === 'trying') this.#state = 'untried'
  }

  refused(): void {
    this.#state = 'refused'
  }
}
