export const SCREENS = ['setup', 'live', 'result', 'ports', 'history'] as const
export type Screen = (typeof SCREENS)[number]
export const SCREEN_LABELS: Record<Screen, string> = {
  setup: 'Set up',
  live: 'Live',
  result: 'Result',
  ports: 'Ports',
  history: 'History'
}

/** Where the user is: a screen, and what it shows where there is a choice (run ids). */
export interface Place {
  screen: Screen
  ids: string[]
}

function read(hash: string): Place {
  const [screen, ...ids] = hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)
  const known = SCREENS.find((each) => each === screen)
  return known === undefined ? { screen: 'setup', ids: [] } : { screen: known, ids }
}

/** The place, kept in the address so that reload, back and forward work. */
export class Route {
  place = $state.raw<Place>(read(window.location.hash))

  constructor() {
    window.addEventListener('hashchange', () => (this.place = read(window.location.hash)))
  }

  go(screen: Screen, ...ids: string[]): void {
    window.location.hash = `#/${[screen, ...ids.map(encodeURIComponent)].join('/')}`
    this.place = { screen, ids }
  }
}
