/** The farthest that the slider goes, ms of round trip. */
export const LONGEST_RTT_MS = 300
/** Steps of the slider. Its track is square: near distances, where turns begin to be seen, get the most room. */
export const STEPS = 1000

/** Distances that a reader can picture, as RTTs. */
export const PLACES: readonly { ms: number; label: string }[] = [
  { ms: 2, label: 'same city' },
  { ms: 30, label: 'same continent' },
  { ms: 90, label: 'across an ocean' },
  { ms: 200, label: 'around the world' }
]

/** The round trip at a step of the slider, ms: whole above 10, else to a tenth. */
export function rttAt(step: number): number {
  const ms = LONGEST_RTT_MS * (step / STEPS) ** 2
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)
}

/** The step that a round trip stands at. */
export function stepOf(rttMs: number): number {
  return Math.round(STEPS * Math.sqrt(rttMs / LONGEST_RTT_MS))
}
