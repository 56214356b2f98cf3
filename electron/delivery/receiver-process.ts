import { answerCalls } from '../sandbox/child-calls.ts'
import { connectParent } from '../sandbox/parent-link.ts'
import { HopNames } from './hops.ts'
import { openOwnSink } from './own-sink.ts'
import type { ReceiverCalls, ReceiverSettings } from './receiver-calls.ts'
import { sharedNowUs } from './smtp-sink.ts'
import type { Source } from './source.ts'

/** The process of a run's receiver: started by `startReceiver`, asked through `ReceiverCalls`. */
let source: Source | null = null
const names = new HopNames()
let namesTold = 0

/** What only one kind of receiver needs is loaded for it alone. */
async function open(settings: ReceiverSettings): Promise<Source> {
  switch (settings.kind) {
    case 'sink':
      return openOwnSink(settings)
    case 'remote-sink': {
      const { openRemoteSink } = await import('./remote-sink.ts')
      return openRemoteSink(settings)
    }
    case 'imap': {
      const { openMailbox } = await import('./mailbox.ts')
      return openMailbox(settings)
    }
  }
}

answerCalls<ReceiverCalls>(connectParent(), {
  start: async (settings) => {
    source = await open(settings)
    return null
  },
  take: async () => {
    const { seen, askedUs, clock } = (await source?.take()) ?? { seen: [], askedUs: 0 }
    const wallToSharedUs = sharedNowUs() - Date.now() * 1000
    const arrivals = seen.map(({ serverDateMs, hops, ...copy }) => ({
      ...copy,
      serverDateUs: serverDateMs === null ? null : serverDateMs * 1000 + wallToSharedUs,
      hops: hops.map(({ name, atMs }): [number, number] => [
        names.placeOf(name),
        atMs * 1000 + wallToSharedUs
      ])
    }))
    const hasNewNames = names.list.length > namesTold
    namesTold = names.list.length
    return {
      ...{ arrivals, askedUs },
      ...(hasNewNames ? { hopNames: names.list } : {}),
      ...(clock === undefined ? {} : { clock })
    }
  },
  leave: async () => {
    await source?.close()
    return null
  }
})
