import type { KV } from '@nats-io/kv'
import { expect, test } from 'vitest'
import { CONTRACT, type PlaceInfo } from '../../electron/places/contract.ts'
import { listPlaces } from '../../electron/places/presence.ts'

function infoOf(name: string): PlaceInfo {
  return {
    ...{ name, instance: name, contract: CONTRACT, version: '0.2.0', platform: 'linux x64' },
    ...{ cores: 2, remote: false, run: null }
  }
}

/** Tells keys as a server does whose entries are renewed meanwhile: such a one is told once more. */
function renewedWhileTold(names: readonly string[]): Pick<KV, 'keys' | 'get'> {
  return {
    keys: () => Promise.resolve(names.values()),
    get: (name: string) =>
      Promise.resolve({ operation: 'PUT', revision: 1, string: () => JSON.stringify(infoOf(name)) })
  } as unknown as Pick<KV, 'keys' | 'get'>
}

test('a place that renews its entry while places are listed is listed once', async () => {
  const places = await listPlaces(renewedWhileTold(['iad', 'fra', 'iad']))
  expect(places.map(({ name }) => name)).toEqual(['fra', 'iad'])
})
