import { MediaQuery } from 'svelte/reactivity'
import type { Settings } from '../../shared/page/ipc.ts'

export type ThemeChoice = Settings['theme']

/** Light or dark: by the system, unless the user chose. */
export class Theme {
  choice = $state<ThemeChoice>('system')
  readonly #system = new MediaQuery('(prefers-color-scheme: dark)')
  readonly dark = $derived(this.choice === 'system' ? this.#system.current : this.choice === 'dark')
}
