/** The screens, in the order of the rail, the menu and the keys 1 to 5. */
export const SCREENS = [
  { id: 'setup', label: 'Set up' },
  { id: 'live', label: 'Live' },
  { id: 'result', label: 'Result' },
  { id: 'ports', label: 'Ports' },
  { id: 'history', label: 'History' }
] as const

export type Screen = (typeof SCREENS)[number]['id']

/** The screen of that name; undefined for any other text. */
export function screenOf(id: string | undefined): Screen | undefined {
  return SCREENS.find((screen) => screen.id === id)?.id
}

export function screenLabel(id: Screen): string {
  return SCREENS.find((screen) => screen.id === id)?.label ?? id
}
