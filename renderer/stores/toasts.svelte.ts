/** A short message that goes away by itself, with at most one thing to do about it. */
export interface Toast {
  id: number
  kind: 'info' | 'error'
  text: string
  action: { label: string; run: () => void } | null
}

const SHOWN_MS = { info: 8_000, error: 14_000 }

/** Messages at the foot of the window. */
export class Toasts {
  list = $state.raw<Toast[]>([])
  #nextId = 1
  #timers: Record<number, ReturnType<typeof setTimeout>> = {}

  info(text: string, action: Toast['action'] = null): void {
    this.#show('info', text, action)
  }

  error(text: string): void {
    this.#show('error', text, null)
  }

  dismiss(id: number): void {
    this.hold(id)
    this.list = this.list.filter((toast) => toast.id !== id)
  }

  /** Keeps a message for as long as it is looked at. */
  hold(id: number): void {
    clearTimeout(this.#timers[id])
    delete this.#timers[id]
  }

  /** Lets a held message go away in its time. */
  release(id: number): void {
    const toast = this.list.find((each) => each.id === id)
    if (toast === undefined) return
    this.hold(id)
    this.#timers[id] = setTimeout(() => this.dismiss(id), SHOWN_MS[toast.kind])
  }

  /** What is said again stands once, and anew; something that can be done about it stays. */
  #show(kind: Toast['kind'], text: string, action: Toast['action']): void {
    const before = this.list.find(
      (toast) => toast.action === null && toast.kind === kind && toast.text === text
    )
    if (before !== undefined && action === null) this.dismiss(before.id)
    const id = this.#nextId++
    this.list = [...this.list.slice(-2), { id, kind, text, action }]
    this.release(id)
  }
}
