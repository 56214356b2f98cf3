/** Each of `count` once a round, in order, and every other round in the opposite order. Rounds are numbered from 1. */
export function alternating(count: number, rounds: number): { index: number; round: number }[] {
  const order = Array.from({ length: count }, (_, index) => index)
  return Array.from({ length: rounds }, (_, at) => at + 1).flatMap((round) =>
    (round % 2 === 1 ? order : order.toReversed()).map((index) => ({ index, round }))
  )
}

/**
 * Lets several runs go on one at a time, round by round, so that drift of the machine or the network hits all alike:
 * first in their order, then in the opposite one, and so on. Nobody begins before everybody is ready.
 */
export class RoundOrder {
  readonly #slots: { runner: number; round: number }[]
  readonly #waiting = new Map<number, { round: number; go: () => void }>()
  readonly #ready = new Set<number>()
  readonly #over = new Set<number>()
  readonly #runners: number
  readonly #onRound: (begun: { runner: number; round: number; index: number }) => void
  #at = -1
  #isOpen = false

  /** @param onRound hears whose round begins, its number from 1, and its place among those of all from 0 */
  constructor(
    runners: number,
    rounds: number,
    onRound: (begun: { runner: number; round: number; index: number }) => void
  ) {
    this.#runners = runners
    this.#onRound = onRound
    this.#slots = alternating(runners, rounds).map(({ index: runner, round }) => ({ runner, round }))
  }

  /** Resolves when a runner may go on with its round; to ask for the next one ends it. */
  take(runner: number, round: number): Promise<void> {
    this.#ready.add(runner)
    const slot = this.#slots[this.#at]
    if (this.#isOpen || (slot?.runner === runner && slot.round === round)) return Promise.resolve()
    return new Promise((go) => {
      this.#waiting.set(runner, { round, go })
      if (slot === undefined || slot.runner === runner) this.#advance()
    })
  }

  /** A runner has no more rounds. */
  leave(runner: number): void {
    this.#over.add(runner)
    const slot = this.#slots[this.#at]
    if (slot === undefined || slot.runner === runner) this.#advance()
  }

  /** Holds nobody back any more. */
  open(): void {
    this.#isOpen = true
    for (const { go } of this.#waiting.values()) go()
    this.#waiting.clear()
  }

  #advance(): void {
    const present = new Set([...this.#ready, ...this.#over])
    if (present.size < this.#runners) return
    do this.#at++
    while (this.#over.has(this.#slots[this.#at]?.runner ?? -1))
    const slot = this.#slots[this.#at]
    if (slot === undefined) return
    this.#onRound({ ...slot, index: this.#at })
    const waiting = this.#waiting.get(slot.runner)
    if (waiting?.round !== slot.round) return
    this.#waiting.delete(slot.runner)
    waiting.go()
  }
}
