import { watchCpuWait, watchNaps } from '../../electron/engine/cpu-wait.ts'

/** Wakes up and works as a sending thread does when replies come, for so long, and prints what the two watches say, ms. */
/** Work of one wake, ms: one that hardly works is let in at once, however busy the neighbours are. */
const WORK_MS = 4
const [seconds = 1] = process.argv.slice(2).map(Number)
const watches = [watchCpuWait(), watchNaps()]
for (const watch of watches) watch.begin()
const timer = setInterval(() => {
  const untilMs = performance.now() + WORK_MS
  while (performance.now() < untilMs) continue
}, 3)
function end(): void {
  const meansMs = watches.map((watch) => watch.meanMs())
  // The napping thread takes its time to begin where processors are short.
  if (meansMs.includes(null)) return void setTimeout(end, 100)
  clearInterval(timer)
  console.log(JSON.stringify(meansMs))
  for (const watch of watches) watch.close()
}
setTimeout(end, seconds * 1000)
