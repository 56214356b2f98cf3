import type { Load } from './plan.ts'

/** A straight piece of an offered rate: from one rate to another (sends per second) over a time. */
export interface RatePiece {
  fromRate: number
  toRate: number
  seconds: number
}

export type PacedLoad = Exclude<Load, { model: 'closed' }>

/** The offered rate of an open load, as straight pieces; each of `rounds` gets its share of every piece's time. */
export function ratePieces(load: PacedLoad, rounds: number): RatePiece[] {
  if (load.model === 'open') {
    return [{ fromRate: load.rate, toRate: load.rate, seconds: load.durationSeconds / rounds }]
  }
  let before = 0
  return load.stages.map((stage) => {
    const piece = {
      fromRate: stage.ramp ? before : stage.rate,
      toRate: stage.rate,
      seconds: stage.durationSeconds / rounds
    }
    before = stage.rate
    return piece
  })
}

/** Sends that a rate profile offers in all (an expectation for Poisson arrivals). */
export function offeredSends(pieces: readonly RatePiece[]): number {
  return pieces.reduce((sum, piece) => sum + ((piece.fromRate + piece.toRate) / 2) * piece.seconds, 0)
}

/** The time that a rate profile takes. */
export function pieceSeconds(pieces: readonly RatePiece[]): number {
  return pieces.reduce((sum, { seconds }) => sum + seconds, 0)
}
