import type { TimelineRow } from '../../shared/run-record.ts'
import type { Snapshot, TransportSnapshot } from '../../shared/snapshot.ts'
import { LiveSeries } from './live-series.ts'

/** What a run showed so far, transport by transport. It is plain data: the screen is told when to look. */
export class LiveFigures {
  readonly series = new Map<string, LiveSeries>()
  /** Each transport when it last had figures: in rounds only one of them runs at a time. */
  readonly last = new Map<string, TransportSnapshot>()

  clear(): void {
    this.series.clear()
    this.last.clear()
  }

  /** Adds the seconds before this page was there; the last of them is what the transport last had. */
  replay(transport: TransportSnapshot, rows: readonly TimelineRow[]): void {
    const series = this.#seriesOf(transport.name)
    for (const row of rows) {
      series.add(row.second + 0.5, { rate: row.accepted, p50: row.p50, p99: row.p99 })
    }
    const last = rows.at(-1)
    if (last === undefined) return
    this.last.set(transport.name, {
      ...transport,
      ratePerSecond: last.accepted,
      p50: last.p50,
      p99: last.p99
    })
  }

  take({ transports, elapsedMs }: Snapshot): void {
    for (const transport of transports) {
      if (transport.ratePerSecond === null) continue
      this.last.set(transport.name, transport)
      this.#seriesOf(transport.name).add(elapsedMs / 1000, {
        rate: transport.ratePerSecond,
        p50: transport.p50,
        p99: transport.p99
      })
    }
  }

  #seriesOf(name: string): LiveSeries {
    let series = this.series.get(name)
    if (series === undefined) this.series.set(name, (series = new LiveSeries()))
    return series
  }
}
