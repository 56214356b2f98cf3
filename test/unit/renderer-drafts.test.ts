import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { Client } from '../../renderer/stores/client.ts'
import { Drafts } from '../../renderer/stores/drafts.svelte.ts'

vi.useFakeTimers()
afterAll(() => {
  vi.useRealTimers()
})
let kept: unknown = null
let drafts: Drafts

beforeEach(async () => {
  drafts = new Drafts(
    new Client({
      call: ((_: string, plans: unknown) => {
        kept = plans
        return Promise.resolve({ ok: true, value: null })
      }) as never,
      on: () => () => undefined
    })
  )
  for (const name of ['one', 'two', 'three']) await drafts.add({ name })
})

const names = (): string[] => drafts.plans.map((_, index) => drafts.nameOf(index))

test('a plan that is opened again leaves the others as they are by then', async () => {
  const undo = drafts.close(0)
  drafts.draft.set('name', 'three, edited')
  await drafts.add({ name: 'four' })
  undo()
  expect(names()).toEqual(['one', 'two', 'three, edited', 'four'])
  expect(drafts.draft.text('name')).toBe('one')
  await vi.runAllTimersAsync()
  expect(kept).toEqual({
    plans: [{ name: 'one' }, { name: 'two' }, { name: 'three, edited' }, { name: 'four' }],
    current: 0
  })
})

test('what is undone comes back to its own plan, wherever that stands by then', () => {
  drafts.show(1)
  const undo = drafts.remember()
  drafts.draft.set('name', 'two, changed')
  drafts.close(0)
  drafts.show(1)
  undo()
  expect(names()).toEqual(['two', 'three'])
  expect(drafts.current).toBe(0)
})

test('what is undone in a plan that was closed meanwhile is opened beside the others', () => {
  drafts.show(1)
  const undo = drafts.remember()
  drafts.draft.set('name', 'two, changed')
  drafts.close(1)
  undo()
  expect(names()).toEqual(['one', 'three', 'two'])
  expect(drafts.draft.text('name')).toBe('two')
})

/** What is kept on the other side, for pages that share it; while it is away every call fails. */
class Store {
  plans: unknown[] = [{ name: 'one' }, { name: 'two' }]
  isAway = false

  page(): Drafts {
    return new Drafts(
      new Client({
        call: (async (channel: string, argument?: { plans: unknown[] }) => {
          await Promise.resolve()
          if (this.isAway) return { ok: false, error: { message: 'away', hint: null } }
          if (channel === 'drafts.set') this.plans = argument?.plans ?? []
          return { ok: true, value: channel === 'drafts.get' ? { plans: this.plans, current: 0 } : null }
        }) as never,
        on: () => () => undefined
      })
    )
  }
}

const namesOf = (page: Drafts): string[] => page.plans.map((_, index) => page.nameOf(index))

test('a plan that is opened while those of last time cannot be read takes nothing from them', async () => {
  const store = new Store()
  const page = store.page()
  store.isAway = true
  await expect(page.open()).rejects.toThrow('away')
  await page.add({ name: 'early' })
  store.isAway = false
  page.keepSoon()
  await vi.runAllTimersAsync()
  expect(store.plans).toEqual([{ name: 'one' }, { name: 'two' }])
  await Promise.all([page.catchUp(), page.catchUp()])
  expect(namesOf(page)).toEqual(['one', 'two', 'early'])
  expect(page.draft.text('name')).toBe('early')
  expect(store.plans).toEqual([{ name: 'one' }, { name: 'two' }, { name: 'early' }])
})

test('a plan that is opened while the built-in one is asked for stays the one that is seen, and alone', async () => {
  const builtIn = Promise.withResolvers<void>()
  const page = new Drafts(
    new Client({
      call: (async (channel: string) => {
        if (channel === 'plan.default') await builtIn.promise
        const answers: Record<string, unknown> = {
          'drafts.get': { plans: [], current: 0 },
          'plan.default': { name: 'built in' }
        }
        return { ok: true, value: answers[channel] ?? null }
      }) as never,
      on: () => () => undefined
    })
  )
  const opening = page.open()
  await vi.runAllTimersAsync()
  await page.add({ name: 'early' })
  builtIn.resolve()
  await opening
  expect(namesOf(page)).toEqual(['early'])
  expect(page.draft.text('name')).toBe('early')
})

test('what is edited while the other side is away is kept when it is back', async () => {
  const store = new Store()
  const page = store.page()
  await page.open()
  store.isAway = true
  page.draft.set('name', 'one, edited')
  page.keepSoon()
  await vi.runAllTimersAsync()
  store.isAway = false
  await page.catchUp()
  expect(store.plans).toEqual([{ name: 'one, edited' }, { name: 'two' }])
})

test('whoever comes back to a page goes on with what another one kept, and loses nothing of it', async () => {
  const store = new Store()
  const [first, second] = [store.page(), store.page()]
  await first.open()
  await second.open()
  second.show(1)
  await first.add({ name: 'three' })
  await second.catchUp()
  expect(namesOf(second)).toEqual(['one', 'two', 'three'])
  expect(second.draft.text('name')).toBe('two')
  second.draft.set('name', 'two, edited')
  second.keepSoon()
  second.keepDue()
  await first.catchUp()
  expect(namesOf(first)).toEqual(['one', 'two, edited', 'three'])
  expect(first.draft.text('name')).toBe('three')
})
