import { describe, expect, test } from 'vitest'
import {
  AdaptiveTimeout,
  type Usage,
  workedForOthers,
} from '../../../src/check/kit/silence/adaptive-timeout.ts'

/** Two processors over this many milliseconds. */
const usedOver = (ms: number, { idle, own }: { readonly idle: number; readonly own: number }): Usage => ({
  busy: 2 * ms * (1 - idle),
  idle: 2 * ms * idle,
  own: 2 * ms * (1 - idle) * own,
})
const start: Usage = { busy: 0, idle: 0, own: 0 }

describe('a machine was busy with other work', () => {
  test('when no processor was idle and we had next to nothing', () => {
    expect(workedForOthers(start, usedOver(4_000, { idle: 0.02, own: 0.04 }))).toBe(true)
  })
  test('not when it had time left', () => {
    expect(workedForOthers(start, usedOver(4_000, { idle: 0.5, own: 0.01 }))).toBe(false)
  })
  test('not when we had what a loop takes among half a dozen others', () => {
    expect(workedForOthers(start, usedOver(4_000, { idle: 0, own: 0.12 }))).toBe(false)
  })
  test('not when we kept it busy ourselves', () => {
    expect(workedForOthers(start, usedOver(4_000, { idle: 0, own: 0.5 }))).toBe(false)
  })
})

describe('the adaptive timeout', () => {
  const over = (usages: readonly Usage[]) => {
    const left = [...usages]
    const timeout = new AdaptiveTimeout(8_000, () => left.shift() ?? start)
    const asked = Array.from({ length: 400 }, (_, tick) => (tick + 1) * 100)
    return asked.find((elapsed) => timeout.isOver(elapsed))
  }
  const quiet = usedOver(4_000, { idle: 0.6, own: 0.3 })
  const busy = [1, 2, 3, 4, 5, 6, 7, 8].map((times) => usedOver(4_000 * times, { idle: 0, own: 0.05 }))

  test('ends at its limit on a machine with time left', () => {
    expect(over([start, quiet])).toBe(8_000)
  })
  test('grows while the machine is busy with other work, and no longer', () => {
    const [first = start] = busy
    const then = { ...first, idle: first.idle + 8_000 }
    expect(over([start, first, then])).toBe(12_000)
  })
  test('ends at three times its limit in any case', () => {
    expect(over([start, ...busy])).toBe(24_000)
  })
  test('does not look at the machine before half of the time is up', () => {
    let looks = 0
    const timeout = new AdaptiveTimeout(8_000, () => {
      looks += 1
      return start
    })
    timeout.isOver(3_900)
    expect(looks).toBe(0)
  })
})
