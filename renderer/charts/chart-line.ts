/** One transport's line. */
export interface ChartLine {
  name: string
  /** Place of the transport in the plan: its colour, dash and marker. */
  index: number
  points: { x: number; y: number }[]
  /** `points`: marks alone. `line`: no marks. */
  drawn?: 'points' | 'line'
  /** Points that are drawn hollow: what was tried and not kept. */
  hollow?: ReadonlySet<number>
}

/** A straight line at a value of an axis, with what it means. */
export interface ChartGuide {
  axis: 'x' | 'y'
  value: number
  text: string
  /** Takes the colour of a transport; else it is ink. */
  index?: number
}
