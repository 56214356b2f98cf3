import { expect, test } from 'vitest'
import { untilSignalled } from '../../electron/cli/signals.ts'

test('once a signal has come, Ctrl-C has its usual effect again, and the echo of others none', async () => {
  const before = process.listenerCount('SIGINT')
  const others = { SIGTERM: process.listeners('SIGTERM'), SIGHUP: process.listeners('SIGHUP') }
  const signalled = untilSignalled()
  expect(process.listenerCount('SIGINT')).toBe(before + 1)
  process.emit('SIGTERM')
  await signalled
  expect(process.listenerCount('SIGINT')).toBe(before)
  for (const name of ['SIGTERM', 'SIGHUP'] as const) {
    const own = process.listeners(name).filter((listener) => !others[name].includes(listener))
    expect(own).toHaveLength(1)
    for (const listener of own) process.off(name, listener)
  }
})
