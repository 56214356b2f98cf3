/** Each of `count` once a round, in order, and every other round in turned order. Rounds are numbered from 1. */
export function alternating(count: number, rounds: number): { index: number; round: number }[] {
  const order = Array.from({ length: count }, (_, index) => index)
  return Array.from({ length: rounds }, (_, at) => at + 1).flatMap((round) =>
    (round % 2 === 1 ? order : order.toReversed()).map((index) => ({ index, round }))
  )
}

/**
 * Lets several runs take turns, one round at a time, so that drift of the machine or the network hits all alike: in the
 * first round in their order, in the next one turned round, and so on. Nobody begins before everybody is ready.
 */
export class TurnOrder {
  readonly #slots: { runner: number; round: number }[]
  readonly #waiting = new Map<number, { round: number; go: () => void }>()
  readonly #ready = new Set<number>()
  readonly #over = new Set<number>()
  readonly #runners: number
  readonly #onTurn: (turn: { runner: number; round: number; index: number }) => void
  #at = -1
  #isOpen = false

  /** @param onTurn hears whose turn it is, its round from 1, and its place among all turns from 0 */
  constructor(
    runners: number,
    rounds: number,
    onTurn: (turn: { runner: number; round: number; index: number }) => void
  ) {
    this.#runners = runners
    this.#onTurn = onTurn
    this.#slots = alternating(runners, rounds).map(({ index: runner, round }) => ({ runner, round }))
  }

  /** Resolves when it is a runner's turn to go on with a round; to ask for the next round ends its turn. */
  take(runner: number, round: number): Promise<void> {
    this.#ready.add(runner)
    const slot = this.#slots[this.#at]
    if (this.#isOpen || (slot?.runner === runner && slot.round === round)) return Promise.resolve()
    return new Promise((go) => {
      this.#waiting.set(runner, { round, go })
      if (slot === undefined || slot.runner === runner) this.#advance()
    })
  }

  /** A runner takes no more turns. */
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
    this.#onTurn({ ...slot, index: this.#at })
    const waiting = this.#waiting.get(slot.runner)
    if (waiting?.round !== slot.round) return
    this.#waiting.delete(slot.runner)
    waiting.go()
  }
}
