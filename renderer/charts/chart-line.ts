/** One transport's line. `points` may be filled in place; a change of the chart's `version` redraws it. */
export interface ChartLine {
  name: string
  /** Place of the transport in the plan: its colour, dash and marker. */
  index: number
  points: { x: number; y: number }[]
}
