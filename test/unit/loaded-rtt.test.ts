import { describe, expect, it } from 'vitest'
import { capacitySentence } from '../../shared/insight/capacity-sentence.ts'
import { searchIdeal } from '../../shared/insight/capacity-estimate.ts'
import { DEFAULT_SEARCH } from '../../shared/insight/capacity-move.ts'
import type { ServiceParts } from '../../shared/insight/service-parts.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const level = { idleMs: 20, medianMs: 20, meanMs: 20, greatestMs: 21, samples: 10 }
const parts: ServiceParts = { lookupMs: 0, chatterMs: 180, transferMs: 0, serverMs: 10, clientMs: 2 }
const busy: ServiceParts = { ...parts, chatterMs: 20, serverMs: 170 }
const unknown: ServiceParts = { ...parts, chatterMs: null, serverMs: null, clientMs: null }

describe('an open load beyond what fits, while packets do not wait in the network', () => {
  const said = (changes: ServiceParts): string => {
    const overloaded = {
      offeredRate: 60,
      dueRate: 60,
      noSlotShare: 0.98,
      backlogAtEnd: 380,
      throughput: 20.8
    }
    const smtp = transportRecord('smtp', [[192_000, 192_000]], {
      ...{ ...overloaded, ...changes, loadedRtt: level }
    })
    return verdict(runRecord([smtp])).replaceAll('\u202f', ' ')
  }

  it('does not call a peer busy that was idle: round trips fill the slots', () => {
    expect(said(parts)).not.toContain('busy')
    expect(said(parts)).toContain(
      'packets did not wait in the network, and of the 192 ms that a message takes 94 % is round trips and 5 % the server’s. With 3.99 in flight in the mean that makes 20.8 a second; more sends in flight (maxConcurrency, maxConnections) or fewer round trips would make it more.'
    )
  })

  it('names the transfer of the content where that is most', () => {
    expect(said({ ...parts, transferMs: 400 })).toContain(
      '68 % is transfer of the content and 2 % the server’s'
    )
  })

  it('calls a peer busy whose own time is most', () => {
    expect(said(busy)).toContain('and 20 ms before: the peer was busy, not the network.')
  })

  it('says no more than it knows', () => {
    expect(said(unknown)).toContain('and 20 ms before: packets did not wait in the network. ')
  })
})

describe('a search for the limit, while packets do not wait in the network', () => {
  const said = (found: ServiceParts | undefined): string => {
    const search = searchIdeal({ ...DEFAULT_SEARCH, startRate: 20, holdSeconds: 4 }, 100)
    const steps = search.steps.map((step) => (step.pass ? step : { ...step, loadedRtt: level, parts: found }))
    return capacitySentence({ ...search, limiter: 'queue', steps }).replaceAll('\u202f', ' ')
  }

  it('calls a peer busy whose own time is most', () => {
    expect(said(busy)).toMatch(/and 20 ms before: the peer was busy, not the network\.$/)
  })

  it('names what took longest where that was not the peer', () => {
    expect(said(parts)).toMatch(
      /packets did not wait in the network, and of the 192 ms that a message takes 94 % is round trips and 5 % the server’s\.$/
    )
  })

  it.each([[undefined], [unknown]])('says no more than it knows: %j', (found) => {
    expect(said(found)).toMatch(/and 20 ms before: packets did not wait in the network\.$/)
  })
})
