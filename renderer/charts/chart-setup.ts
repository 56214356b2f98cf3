import {
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip
} from 'chart.js'

// Only what the page draws is registered, so that nothing else is bundled.
Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Tooltip)
Chart.defaults.animation = false
Chart.defaults.font.size = 11
Chart.defaults.maintainAspectRatio = false
Chart.defaults.responsive = true

export { Chart }
