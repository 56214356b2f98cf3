import type { ChartColors } from '../charts/chart-colors.ts'
import type { LaneRule, LaneStep } from './lane-series.ts'

/** Height of a lane and its parts, px: the rate, the band of latency, the errors. */
export const LANE_HEIGHT = 98
const RATE = { top: 8, height: 36 }
const LATENCY = { top: 52, height: 32 }
const ERRORS = { top: 87, height: 5 }

export interface PaintedLane {
  steps: readonly LaneStep[]
  rules: readonly LaneRule[]
  color: string
  /** Drawn faintly, because another lane is looked at. */
  dimmed: boolean
}

export interface LaneScales {
  seconds: number
  rate: number
  ms: number
}

/** The greatest of each figure, so that all lanes share their axes and can be compared by eye. */
export function laneScales(lanes: readonly Pick<PaintedLane, 'steps'>[]): LaneScales {
  const scales = { seconds: 1, rate: 0.001, ms: 0.001 }
  for (const { steps } of lanes) {
    for (const step of steps) {
      scales.seconds = Math.max(scales.seconds, step.at + step.seconds)
      scales.rate = Math.max(scales.rate, step.rate, step.due ?? 0)
      scales.ms = Math.max(scales.ms, step.p99 ?? 0)
    }
  }
  return scales
}

/** Draws lanes beneath each other on one axis of measured time. */
export function paintLanes(
  context: CanvasRenderingContext2D,
  lanes: readonly PaintedLane[],
  width: number,
  scales: LaneScales,
  colors: ChartColors
): void {
  context.clearRect(0, 0, width, lanes.length * LANE_HEIGHT)
  lanes.forEach((lane, index) => {
    context.save()
    context.translate(0, index * LANE_HEIGHT)
    context.globalAlpha = lane.dimmed ? 0.28 : 1
    paintLane(context, lane, width, scales, colors)
    context.restore()
  })
}

function paintLane(
  context: CanvasRenderingContext2D,
  { steps, rules, color }: PaintedLane,
  width: number,
  scales: LaneScales,
  colors: ChartColors
): void {
  const x = (seconds: number): number => (seconds / scales.seconds) * width
  const rateY = (rate: number): number => RATE.top + RATE.height * (1 - rate / scales.rate)
  const msY = (ms: number): number => LATENCY.top + LATENCY.height * (1 - ms / scales.ms)
  context.lineWidth = 1
  context.strokeStyle = colors.grid
  for (const y of [RATE.top + RATE.height, LATENCY.top + LATENCY.height])
    stroke(context, [
      [0, y],
      [width, y]
    ])
  if (12 * rules.length < width) {
    for (const { at, kind } of rules) {
      context.strokeStyle = colors.muted
      context.globalAlpha *= kind === 'round' ? 0.45 : 0.3
      context.setLineDash(kind === 'round' ? [] : [2, 3])
      stroke(context, [
        [x(at), RATE.top],
        [x(at), ERRORS.top + ERRORS.height]
      ])
      context.globalAlpha /= kind === 'round' ? 0.45 : 0.3
    }
    context.setLineDash([])
  }
  const mostBacklog = steps.reduce((most, { backlog }) => Math.max(most, backlog ?? 0), 0)
  for (const step of steps) {
    const [left, right] = [x(step.at), x(step.at + step.seconds)]
    const broad = Math.max(0.75, right - left)
    if (step.due !== null) {
      context.fillStyle = colors.grid
      context.fillRect(left, rateY(step.due), broad, RATE.top + RATE.height - rateY(step.due))
    }
    if (step.backlog !== null && mostBacklog > scales.rate / 4) {
      context.fillStyle = colors.queue
      const height = (RATE.height / 2) * (step.backlog / mostBacklog)
      context.fillRect(left, RATE.top + RATE.height - height, broad, height)
    }
    if (step.p50 !== null && step.p99 !== null) {
      context.fillStyle = color
      context.globalAlpha *= 0.32
      context.fillRect(left, msY(step.p99), broad, Math.max(1, msY(step.p50) - msY(step.p99)))
      context.globalAlpha /= 0.32
    }
    if (step.errors > 0) {
      context.fillStyle = colors.bad
      context.fillRect(left, ERRORS.top, Math.max(2, broad), ERRORS.height)
    }
  }
  context.strokeStyle = color
  context.lineWidth = 1.75
  stroke(
    context,
    stairs(steps, x, ({ rate }) => rateY(rate))
  )
  stroke(
    context,
    stairs(steps, x, ({ p50 }) => (p50 === null ? null : msY(p50)))
  )
}

/** A value for each step as a line of stairs; null breaks it. */
function stairs(
  steps: readonly LaneStep[],
  x: (seconds: number) => number,
  y: (step: LaneStep) => number | null
): ([number, number] | null)[] {
  return steps.flatMap((step) => {
    const at = y(step)
    return at === null
      ? [null]
      : [[x(step.at), at] as [number, number], [x(step.at + step.seconds), at] as [number, number]]
  })
}

function stroke(context: CanvasRenderingContext2D, points: readonly ([number, number] | null)[]): void {
  context.beginPath()
  let broken = true
  for (const point of points) {
    if (point !== null) {
      if (broken) context.moveTo(...point)
      else context.lineTo(...point)
    }
    broken = point === null
  }
  context.stroke()
}
