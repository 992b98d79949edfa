import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchForEnd } from '../../../src/check/kit/endless/never-ends.ts'

/** The machine works for others until 7.6 seconds have passed, and is half idle after that. */
const machine = vi.hoisted(() => ({ elapsed: 0 }))
vi.mock(import('node:os'), async (original) => ({
  ...(await original()),
  cpus: () => {
    const times = {
      user: machine.elapsed * 100,
      idle: machine.elapsed > 7_600 ? 400_000 : 0,
      nice: 0,
      sys: 0,
      irq: 0,
    }
    return [{ model: '', speed: 0, times }]
  },
}))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('code that sends nothing never finished, even if only the limit of the whole has passed', async () => {
  const guard = watchForEnd('append', 8)
  const failed = guard.failed.catch(({ message }: Error) => message)
  for (; machine.elapsed < 10_000; machine.elapsed += 100) await vi.advanceTimersByTimeAsync(100)
  guard.stop()
  expect(await Promise.race([failed, Promise.resolve('it goes on')])).toContain(
    '`append` never finished: its promise was still pending after 8 seconds',
  )
})
