import { findHops } from './hops.ts'
import { listen } from './listen.ts'
import type { AwaitedTags, OwnSinkSettings } from './receiver-calls.ts'
import { sharedNowUs, smtpSink } from './smtp-sink.ts'
import type { Seen, Source } from './source.ts'

/** A stamp of the clock that sender and sink share, µs. */
const RESOLUTION_US = 1

/**
 * Listens on a port of this machine.
 * @throws {Error} naming the address when it is taken
 */
export async function openOwnSink({ host, port, tags }: OwnSinkSettings & AwaitedTags): Promise<Source> {
  const places = new Map(tags.map((tag, place) => [tag, place]))
  let seen: Seen[] = []
  const { server } = smtpSink({
    isKnown: (tag) => places.has(tag),
    onArrival: ({ tag, seq }, atUs, header) => {
      seen.push({
        ...{ tag: places.get(tag) ?? 0, seq, atUs, resolutionUs: RESOLUTION_US },
        ...{ isJunk: false, serverDateMs: null, hops: findHops(header) }
      })
      return true
    }
  })
  await listen(server, host, port)
  return {
    take() {
      const taken = seen
      seen = []
      return Promise.resolve({ seen: taken, askedUs: sharedNowUs() })
    },
    close: () => Promise.resolve()
  }
}
