import { type Screen, screenOf } from '../../shared/page/screens.ts'

/** Where the user is: a screen, and what it shows where there is a choice (run ids). */
export interface Place {
  screen: Screen
  ids: string[]
}

/** An address may be typed by hand: what cannot be read stays as it is, and leads nowhere. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The place that an address names; Set up where it names none. */
export function placeOf(hash: string): Place {
  const [screen, ...ids] = hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decoded)
  const known = screenOf(screen)
  return known === undefined ? { screen: 'setup', ids: [] } : { screen: known, ids }
}

/** The place, kept in the address so that reload, back and forward work. */
export class Route {
  place = $state.raw<Place>(placeOf(window.location.hash))

  constructor() {
    window.addEventListener('hashchange', () => (this.place = placeOf(window.location.hash)))
  }

  go(screen: Screen, ...ids: string[]): void {
    window.location.hash = `#/${[screen, ...ids.map(encodeURIComponent)].join('/')}`
    this.place = { screen, ids }
  }
}
